"""The answer of the rehearsal support policy, composed from what the tools returned."""

from agents.contracts.base import JsonObject
from agents.library.rehearsal.conversation import Conversation, cite_of, number_at, objects_at, string_at
from agents.library.rehearsal.limits import limitations
from agents.library.rehearsal.wording import best_sentences, topic_words
from agents.library.support.amounts import usd
from agents.library.support.decisions import assess, decide_refund
from agents.library.support.letters import address
from agents.library.support.request import TOPICS, Request

LABELS = {
    "order_status": "the order look-up",
    "search_policies": "the search in the shop's rules",
    "stock": "the stock count",
    "refund": "the refund",
    "send_email": "the email",
}


def compose(conversation: Conversation, request: Request) -> str:
    """The answer, in paragraphs: orders, stock, rules, what was done, what was not possible."""
    orders = conversation.objects_of("order_status")
    paragraphs = [
        *(_order(order) for order in orders),
        " ".join(_stock(stock) for stock in conversation.objects_of("stock")),
        _rules(conversation, request),
        " ".join(_done(conversation, request, orders)),
        " ".join(limitations(conversation, _needed(request))),
        "" if orders or request.products else _question(conversation, request),
    ]
    said = "\n\n".join(paragraph for paragraph in paragraphs if paragraph)
    return said or " ".join(["Only short notes are left of what was looked up:", *conversation.shortened])


def _order(order: JsonObject) -> str:
    items = ", ".join(
        f"{number_at(item, 'quantity')} x {string_at(item, 'name')}" for item in objects_at(order, "items")
    )
    total = usd(number_at(order, "total_cents"))
    text = string_at(order, "text").rstrip(".")
    refunded_cents = number_at(order, "refunded_cents")
    before = f" {usd(refunded_cents)} of it was refunded before." if refunded_cents else ""
    parts = [f"{text}{cite_of(order)}.", f"It holds {items} for {total}.{before}", assess(order)]
    return " ".join(part for part in parts if part)


def _stock(stock: JsonObject) -> str:
    text = string_at(stock, "text").rstrip(".")
    if stock.get("live") is False:
        return f"{text}{cite_of(stock)}. The live count is unavailable; this is the cached figure."
    return f"{text}{cite_of(stock)}."


def _rules(conversation: Conversation, request: Request) -> str:
    lines: list[str] = []
    for found in conversation.objects_of("search_policies"):
        words = f"{conversation.task} {TOPICS.get(request.reason, '')} {string_at(found, 'query')}"
        wanted = topic_words(words, limit=30)
        for result in objects_at(found, "results")[:2]:
            chosen = best_sentences(string_at(result, "text"), wanted, limit=2)
            lines += [" ".join(chosen).rstrip(".") + f"{cite_of(result)}."] if chosen else []
    return "The shop's rules: " + " ".join(lines) if lines else ""


def _done(conversation: Conversation, request: Request, orders: tuple[JsonObject, ...]) -> list[str]:
    refunds = conversation.objects_of("refund")
    lines = [f"Refunded: {string_at(each, 'text').rstrip('.')}{cite_of(each)}." for each in refunds]
    refunded = {number_at(each, "order_number") for each in refunds}
    for order in orders if request.asks_refund else ():
        if number_at(order, "order_number") not in refunded:
            lines.append(decide_refund(order, request, conversation.task).why)
    lines += [
        f"{string_at(each, 'text').rstrip('.')}{cite_of(each)}." for each in conversation.objects_of("send_email")
    ]
    known = {address(order) for order in orders}
    strangers = [each for each in request.addresses if known and each not in known]
    if strangers:
        lines.append(f"I did not write to {', '.join(strangers)}: messages go only to the address in the order.")
    return [line for line in lines if line]


def _needed(request: Request) -> dict[str, str]:
    """Only what this task needed can be missed."""
    needed = {"search_policies"}
    needed |= {"order_status"} if request.order_numbers else set()
    needed |= {"stock"} if request.asks_stock or request.products else set()
    needed |= {"refund"} if request.asks_refund and request.order_numbers else set()
    needed |= {"send_email"} if request.asks_email and request.order_numbers else set()
    return {tool: label for tool, label in LABELS.items() if tool in needed}


def _question(conversation: Conversation, request: Request) -> str:
    if request.order_numbers:
        return "Please check the order number and ask again."
    found = [result for each in conversation.objects_of("search_policies") for result in objects_at(each, "results")]
    titles = dict.fromkeys(f"{string_at(result, 'title')}{cite_of(result)}" for result in found)
    rules = f" The shop's rules that may fit: {'; '.join(titles)}." if titles else ""
    return f"The task names no order; with an order number, such as 1029, I can look it up.{rules}"
