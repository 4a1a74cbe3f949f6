"""What a support task asks for, found by its words."""

import re
from dataclasses import dataclass

ORDER_LIST = re.compile(
    r"\borders?\b[\s:#]*(?:numbers?|no\.?|nr\.?)?[\s:#]*((?:#?\d{3,6}(?:\s*(?:,|and|&|or)\s*)*)+)", re.I
)
HASHED = re.compile(r"#(\d{3,6})\b")
BARE = re.compile(r"(?<![\d.,$-])\b(1\d{3})\b(?!\s*(?:USD|dollars|%))(?![.,]\d)")
SKU = re.compile(r"\b[A-Z]{3,8}-[A-Z0-9]{1,4}\b")
ADDRESS = re.compile(r"[^@\s<>\"',;:()]+@[^@\s<>\"',;:()]+\.[A-Za-z]{2,}")
PRODUCT_BEFORE = re.compile(
    r"\b(?:is|are|whether|if)\s+(?:the|a|an|our|any)?\s*([\w][\w .-]{2,40}?)\s+"
    r"(?:is |are )?(?:still |currently |now )?(?:in stock|available|sold out)",
    re.I,
)
PRODUCT_AFTER = re.compile(
    r"\b(?:stock (?:of|for)|how many|have)\s+(?:the|a|an|any)?\s*([A-Z][\w]*(?: [A-Z0-9][\w]*){0,4})"
)
STOCK = re.compile(r"\b(?:stock|available|availability|sold out|replacement|replace|exchange)\b", re.I)
NO_REFUND = re.compile(r"\b(?:do not|don't|without|never|no)\s+(?:\w+\s+){0,2}refund", re.I)
DO_REFUND = re.compile(
    r"\brefund\s+(?:the|this|that|it|them|him|her|my|order|\$?\d)|"
    r"\b(?:wants?|asks? for|demands?|requests?|would like|needs?|issue|process|make|book|give)\b[^.?!]{0,40}"
    r"\b(?:refund|money back)\b|^\s*refund\b",
    re.I | re.M,
)
NO_EMAIL = re.compile(r"\b(?:do not|don't|without|never)\s+(?:\w+\s+){0,2}(?:e-?mail|write|send)", re.I)
DO_EMAIL = re.compile(
    r"\b(?:e-?mail|write to|write|notify|inform|tell|reply to|answer|let)\s+(?:the |to the )?"
    r"(?:customers?|him|her|them|buyer)\b|\bsend\b[^.?!]{0,40}\be-?mail\b",
    re.I,
)
REASONS = (
    (
        "damaged",
        re.compile(r"\b(?:damaged?|broken?|crack\w*|torn|faulty|defect\w*|leak\w*|dent\w*|shattered)\b", re.I),
    ),
    ("wrong_item", re.compile(r"\bwrong (?:item|product|size|colou?r|one)\b", re.I)),
    ("lost", re.compile(r"\b(?:lost|never arrived|missing parcel|disappeared)\b", re.I)),
    ("late", re.compile(r"\b(?:late|delay\w*|where is|not arrived|still waiting|overdue)\b", re.I)),
    ("returned", re.compile(r"\b(?:returned|sent (?:it |them )?back)\b", re.I)),
)
TOPICS = {
    "damaged": "damaged item broken replacement full price",
    "wrong_item": "exchange wrong item return",
    "lost": "late parcel lost second parcel",
    "late": "late parcel tracking search carrier",
    "returned": "returns money back warehouse",
}


@dataclass(frozen=True)
class Request:
    """The parts of a task that the policy acts on."""

    order_numbers: tuple[int, ...]
    products: tuple[str, ...]
    asks_stock: bool
    asks_refund: bool
    asks_email: bool
    reason: str  # a refund reason, or "other"
    addresses: tuple[str, ...]


def read_request(task: str) -> Request:
    """The request in a task. A pure function of its text; nothing in it is ever executed."""
    task = task[:20_000]
    return Request(
        order_numbers=_order_numbers(task),
        products=_products(task),
        asks_stock=bool(STOCK.search(task)),
        asks_refund=bool(DO_REFUND.search(task)) and not NO_REFUND.search(task),
        asks_email=bool(DO_EMAIL.search(task)) and not NO_EMAIL.search(task),
        reason=next((name for name, pattern in REASONS if pattern.search(task)), "other"),
        addresses=tuple(dict.fromkeys(address.rstrip(".") for address in ADDRESS.findall(task)))[:3],
    )


def _order_numbers(task: str) -> tuple[int, ...]:
    named = [number for run in ORDER_LIST.findall(task) for number in re.findall(r"\d{3,6}", run)]
    named += HASHED.findall(task)
    return tuple(dict.fromkeys(int(number) for number in named or BARE.findall(task)))[:4]


def _products(task: str) -> tuple[str, ...]:
    found = [*SKU.findall(task)]
    for pattern in (PRODUCT_BEFORE, PRODUCT_AFTER):
        found += [name.strip(" .-") for name in pattern.findall(task)]
    vague = {
        "it",
        "they",
        "this",
        "that",
        "these",
        "item",
        "items",
        "one",
        "product",
        "products",
        "replacement",
    }
    return tuple(dict.fromkeys(name for name in found if name.lower() not in vague and len(name) > 2))[:4]
