"""The JSON gate: what is stored holds no secret, and can be read back by both databases and every JSON reader."""

import json
import re
from collections.abc import Callable

from agents.contracts.base import JsonObject
from agents.secrets.redaction import known, redacted
from budgets.hot_values import SqlValue, Write

# What PostgreSQL's jsonb refuses and other readers choke on, as json.dumps writes it; a number may be too large for
# one that counts with 64 bits.
REFUSED = re.compile(r"\\u0000|\\u[dD][89a-fA-F]")
HUGE = re.compile(r"(?<![\w.\"\\-])-?\d{19,}(?![\d.eE\"])")
SUSPECT = re.compile(r"\\u[0dD]|\d{19}")
"""Anything that could be one of these; hardly a text has it, and one look is enough for the others."""
BIGGEST = 2**63 - 1


def _refuse(value: object) -> object:
    raise TypeError(f"{type(value).__name__} is not JSON")


_ENCODER = json.JSONEncoder(allow_nan=False, separators=(",", ":"), default=_refuse)


class NotStorable(ValueError):
    """A value that JSON cannot carry: NaN, an infinity, endless nesting, or what is no JSON type."""


def storable(value: object) -> str:
    """The value as JSON text. Raises NotStorable.

    NUL and lone surrogates become visible escapes, integers beyond 64 bits their digits as text: what an LLM or a
    tool said must never stop the record. What has come through an edge has no secret any more; this is for the rest.
    """
    text = json_text(value)
    return json_text(known.matcher.json(json.loads(text))) if known.matcher.finds(text) else text


def json_text(value: object) -> str:
    """``storable``, for a column of rows that are looked through for secrets together. Raises NotStorable."""
    try:
        text = _ENCODER.encode(value)
        if SUSPECT.search(text) and (REFUSED.search(text) or HUGE.search(text)):
            text = json.dumps(_clean(value), separators=(",", ":"))
    except (ValueError, TypeError, RecursionError) as error:
        raise NotStorable(str(error)) from error
    return text


def plain(text: str) -> str:
    """A text that may be kept and that both databases take: without secrets, NUL and lone surrogates as escapes."""
    text = redacted(text)
    if text.isascii() and "\x00" not in text:
        return text
    return text.replace("\x00", "\\u0000").encode("utf-8", "backslashreplace").decode()


def _clean(value: object) -> object:
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, dict):
        return {plain(str(name)): _clean(child) for name, child in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(child) for child in value]
    if type(value) is int and abs(value) > BIGGEST:
        return str(value)
    return value


def without_secrets(writes: list[Write]) -> list[Write]:
    """What is about to be written, looked through in one go: ten looks at ten short rows take much longer."""
    texts = [value for _, rows in writes for row in rows for value in row if isinstance(value, str)]
    if not known.matcher.finds("\0".join(texts)):
        return writes
    return [(sql, [[_cleaned(value) for value in row] for row in rows]) for sql, rows in writes]


def _cleaned(value: SqlValue) -> SqlValue:
    if not isinstance(value, str) or not known.matcher.finds(value):
        return value
    try:
        inside = json.loads(value) if value[:1] in ("{", "[") else value
    except ValueError:
        inside = value
    return redacted(value) if isinstance(inside, str) else json_text(known.matcher.json(inside))


def readable(value: JsonObject, *, to_text: Callable[[object], str] = storable) -> str:
    """Like ``storable``, but for events: what cannot be stored is said, not raised, since a trace must go on."""
    try:
        return to_text(value)
    except NotStorable as error:
        return json.dumps({"not_storable": str(error)})
