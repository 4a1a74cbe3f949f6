"""Turns whatever went wrong between the library and a vendor into one LLMError of the right kind."""

import math
from dataclasses import dataclass

import httpx2
from pydantic_ai.exceptions import (
    ModelAPIError,
    ModelConnectionError,
    ModelHTTPError,
    ModelTimeoutError,
)

from agents.contracts.llms import FailureKind, LLMError
from agents.llms.clean_text import clean_detail
from agents.llms.failure_kinds import by_status, kind_of
from agents.llms.usage import usage_of
from agents.llms.wire import Wire, reported_json

MAX_RETRY_AFTER_SECONDS = 24 * 3600.0


@dataclass(frozen=True)
class Told:
    """What a vendor said of its own failure: code and type together, and its sentence."""

    code: str
    message: str


def failure_of(
    error: Exception, wire: Wire, *, vendor: str, output_characters: int, secrets: tuple[str, ...]
) -> LLMError:
    """The LLMError for an exception of the library, with what was observed on the wire."""
    kind, status, sentence = judged(error, wire, vendor)
    return LLMError(
        kind,
        clean_detail(sentence, secrets),
        status=status,
        retry_after_seconds=retry_after(error),
        may_be_billed=wire.may_be_billed,
        output_characters=output_characters,
        usage=usage_of(wire.reported_usage()),
        vendor_usage=wire.reported_usage(),
        usage_is_final=wire.usage_is_final,
    )


def judged(error: Exception, wire: Wire, vendor: str) -> tuple[FailureKind, int | None, str]:
    """Kind, HTTP status and a sentence for people."""
    if isinstance(error, TimeoutError | ModelTimeoutError):
        return "timeout", wire.status or None, f"{vendor} did not answer in time."
    if isinstance(error, ModelConnectionError):
        return interrupted(error, wire, vendor)
    if isinstance(error, ModelAPIError) and (isinstance(error, ModelHTTPError) or error.in_stream):
        return reported(error, vendor)
    if isinstance(error, httpx2.TransportError):
        return interrupted(error, wire, vendor)
    if not wire.status:  # The library refused before it asked.
        return "invalid_request", None, f"{vendor} was not asked: {error}"
    return unreadable(error, wire, vendor)


def interrupted(error: Exception, wire: Wire, vendor: str) -> tuple[FailureKind, int | None, str]:
    """A connection that was never made, or broke."""
    if wire.streaming:
        return "cut", wire.status, f"{vendor} broke the connection before its answer was complete."
    reason = error
    while isinstance(reason.__cause__, Exception):  # The libraries wrap the one sentence that says something.
        reason = reason.__cause__
    return "connection", None, f"{vendor} could not be reached: {str(reason) or 'the connection broke'}"


def reported(error: ModelAPIError, vendor: str) -> tuple[FailureKind, int | None, str]:
    """An error that the vendor itself reported, with a status or inside its stream."""
    status = error.status_code if isinstance(error, ModelHTTPError) else None
    told = told_in(error.body, fallback=str(error))
    kind = kind_of(status, told.code, told.message)
    where = "in the middle of its answer" if error.in_stream else f"with status {status}"
    return kind, status, f"{vendor} answered {where}: {told.message or told.code or 'no reason given'}"


def unreadable(error: Exception, wire: Wire, vendor: str) -> tuple[FailureKind, int | None, str]:
    """A status 200 that holds no answer."""
    if wire.streaming and wire.ended and wire.events and not wire.finished:
        return "cut", wire.status, f"{vendor} stopped before its answer was complete."
    if wire.streaming:
        what = f"a stream that cannot be read: {error}" if wire.events else "an empty stream."
        return "bad_answer", wire.status, f"{vendor} sent {what}"
    if not wire.body.strip():
        return "bad_answer", wire.status, f"{vendor} sent an empty answer."
    said_as = wire.content_type.partition(";")[0] or "no content type"
    text = wire.body[:2_000].decode("utf-8", "replace")
    return (
        "bad_answer",
        wire.status,
        f"{vendor} answered {wire.status} with {said_as} that is no answer: {text}",
    )


def cut_short(wire: Wire, *, vendor: str, output_characters: int) -> LLMError:
    """The failure of a stream that stopped without its end mark."""
    if not wire.events:
        return LLMError("bad_answer", f"{vendor} sent an empty answer.", status=wire.status)
    return LLMError(
        "cut",
        f"{vendor} stopped before its answer was complete.",
        status=wire.status,
        output_characters=output_characters,
        usage=usage_of(wire.reported_usage()),
        vendor_usage=wire.reported_usage(),
        usage_is_final=wire.usage_is_final,
    )


def error_in_whole(wire: Wire, *, vendor: str, secrets: tuple[str, ...]) -> LLMError | None:
    """The failure that some gateways report as ``{"error": ...}`` with status 200."""
    answer = wire.whole_answer()
    if answer is None or not answer.get("error"):
        return None
    told = told_in(answer, fallback="")
    status = int(told.code.split()[0]) if told.code[:3].isdigit() and told.code.split()[0].isdigit() else None
    sentence = f"{vendor} answered with an error: {told.message or told.code}"
    kind = by_status(status) if status and status >= 400 else kind_of(None, told.code, told.message)
    wire.status = status or wire.status
    return LLMError(kind, clean_detail(sentence, secrets), status=wire.status, may_be_billed=wire.may_be_billed)


def told_in(body: object, *, fallback: str) -> Told:
    """Code, type and message of an error body, in the shapes that vendors use."""
    if isinstance(body, str):
        body = reported_json(body.encode("utf-8", "replace")) or body
    error = body.get("error", body) if isinstance(body, dict) else body
    if not isinstance(error, dict):
        return Told(code="", message=str(error or fallback))
    codes = [str(error[key]) for key in ("code", "type") if isinstance(error.get(key), str | int)]
    message = error.get("message") or error.get("detail") or fallback
    return Told(code=" ".join(codes), message=message if isinstance(message, str) else str(message))


def retry_after(error: Exception) -> float | None:
    """Seconds that the vendor asked to wait, when it said so and can be believed."""
    seconds = error.retry_after if isinstance(error, ModelAPIError) else None
    if seconds is None or not math.isfinite(seconds) or seconds < 0:
        return None
    return min(seconds, MAX_RETRY_AFTER_SECONDS)
