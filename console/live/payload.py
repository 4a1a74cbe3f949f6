"""Reads the data of an event: hostile text and numbers, bounded, of the type that was asked for or absent."""

from pydantic import JsonValue

from agents.contracts.base import JsonObject

LONGEST = 200


def text(data: JsonObject, key: str) -> str:
    """The text under the key on one line, cut at 200 characters; "" when there is none."""
    value = data.get(key)
    if not isinstance(value, str):
        return ""
    flat = " ".join(value[: 2 * LONGEST].split())
    return flat if len(flat) <= LONGEST else flat[: LONGEST - 1] + "…"


def number(data: JsonObject, key: str) -> int | None:
    """The whole number under the key."""
    value = data.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def items(data: JsonObject, key: str) -> list[JsonObject]:
    """The objects in the list under the key."""
    value: JsonValue = data.get(key)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
