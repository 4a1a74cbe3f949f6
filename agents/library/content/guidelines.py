"""The brand_guidelines tool: how the shop writes, what it may claim, and what it never says."""

from typing import Literal

from pydantic import Field, JsonValue

from agents.contracts.base import JsonObject
from agents.contracts.calls import Call
from agents.tools.define import Arguments, python_tool

BRAND = "Harbour & Pine"

VOICE = (
    (
        "Plain",
        "Write as to a friend who knows the outdoors: short words, short sentences, no shouting.",
    ),
    (
        "True",
        "Claim only what the brief says or what is listed under facts. No superlatives, no invented numbers.",
    ),
    ("Useful", "Say early what the thing is for. One thought a sentence, at most 25 words in each."),
    ("Named", f"Name the shop, {BRAND}, once. Write product names with capitals, and prices as 49 USD."),
)
FACTS = (
    ("Returns", "You can send anything back within 30 days."),
    ("Warranty", "Everything has two years of warranty; tents, stoves and packs have five."),
    ("Repairs", "Our own workshop mends most of what wears out."),
    ("Shipping", "Orders leave within two working days, and shipping is free above 80 USD."),
    ("Support", "The people who answer your emails use what we sell."),
)
BANNED_PHRASES = (
    "game-changer",
    "game changer",
    "revolutionary",
    "world-class",
    "best in the world",
    "cutting-edge",
    "unleash",
    "elevate your",
    "in today's fast-paced world",
    "look no further",
    "must-have",
    "act now",
    "100% guaranteed",
)
Kind = Literal["announcement", "product", "email", "post"]
WORDS: dict[str, tuple[int, int]] = {
    "announcement": (60, 140),
    "product": (50, 120),
    "email": (70, 160),
    "post": (40, 100),
}


class GuidelineArguments(Arguments):
    kind: Kind = Field(description="What is to be written.")


def brand_guidelines(arguments: GuidelineArguments, _call: Call) -> JsonValue:
    """Voice, allowed facts, banned phrases, and the usual number of words for this kind of text."""
    least, most = WORDS[arguments.kind]
    return {
        "kind": arguments.kind,
        "brand": BRAND,
        "voice": [_entry("voice", number, *rule) for number, rule in enumerate(VOICE, start=1)],
        "facts": [_entry("facts", number, *fact) for number, fact in enumerate(FACTS, start=1)],
        "banned": [*BANNED_PHRASES],
        "words": {"minimum": least, "maximum": most},
    }


def _entry(section: str, number: int, title: str, text: str) -> JsonObject:
    return {"source": f"brand/{section}#{number}", "title": title, "text": text}


BRAND_GUIDELINES = python_tool(
    "brand_guidelines",
    [brand_guidelines],
    description="The shop's voice, facts that may be claimed, banned phrases and the usual length.",
    capability="the brand guidelines",
    degraded_advice="Claim nothing beyond the brief, and say that the guidelines were not checked.",
)
