"""What a status means: a result, the tool's own no, another address, a second try, or a failure."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from pydantic import JsonValue

from agents.contracts.specs import Effect
from agents.tools.http.reading import Answer, Unusable
from agents.tools.http.result import json_of

WORTH_ANOTHER_TRY = frozenset({408, 425, 429, 502, 503, 504})
NOT_DONE = frozenset({408, 425, 429})
"""The far end says that it has not begun."""
NOT_THE_CALLERS_FAULT = frozenset({401, 403, 405, 406, 407, 411, 415, 417, 421, 426, 431, 451})
"""Credentials, method and media type are ours: the LLM can mend nothing about them."""
GONE = frozenset({404, 410})
MESSAGE_CHARACTERS = 500
_SAID = ("message", "detail", "error_description", "error", "title", "reason", "description", "errors")


@dataclass(frozen=True, slots=True)
class Failed:
    """A try that brought no result. ``again``: another one may; ``after_seconds``: not before that."""

    error: str
    happened: bool
    again: bool = False
    after_seconds: float = 0.0


def refuses(answer: Answer, *, names_something: bool) -> bool:
    """Whether the tool itself says no to this very call, so that the LLM should hear it.

    A page that is not there is the tool's word only where an argument names it, and where no web server speaks.
    """
    if not 400 <= answer.status < 500 or answer.status in WORTH_ANOTHER_TRY | NOT_THE_CALLERS_FAULT:
        return False
    return answer.status not in GONE or (names_something and not answer.is_html)


def failure(answer: Answer, effect: Effect) -> Failed:
    """What an answer that is neither a result nor a refusal means for what happens next."""
    done = answer.status >= 500 or 200 <= answer.status < 300
    return Failed(
        f"the endpoint answered {answer.status}: {message_of(answer)}".removesuffix(": "),
        happened=effect != "pure" and done,
        again=answer.status in WORTH_ANOTHER_TRY and effect != "unkeyed",
        after_seconds=_seconds(answer.retry_after),
    )


def message_of(answer: Answer) -> str:
    """What the endpoint says about itself, in one short text."""
    if answer.is_html:
        return "an HTML page"
    try:
        said = _message(json_of(answer))
    except Unusable:
        said = answer.body[: 4 * MESSAGE_CHARACTERS].decode("utf-8", "replace")
    said = " ".join(said.split())
    return said if len(said) <= MESSAGE_CHARACTERS else said[: MESSAGE_CHARACTERS - 1] + "…"


def _message(value: JsonValue, depth: int = 3) -> str:
    """The text that an error's JSON is about, by the names that such texts usually have."""
    if isinstance(value, dict) and depth:
        for name in _SAID:
            if found := value.get(name):
                return _message(found, depth - 1)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _seconds(retry_after: str) -> float:
    """How long the far end asks to wait; 0 when it does not say."""
    if retry_after.strip().isdecimal():
        return float(retry_after.strip()[:9])
    try:
        until = parsedate_to_datetime(retry_after)
    except (ValueError, TypeError, IndexError):
        return 0.0
    return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
