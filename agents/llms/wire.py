"""What a vendor really sent, read beside the library, which keeps neither end marks nor raw usage."""

import json
import math
import socket
from contextlib import suppress
from contextvars import ContextVar
from typing import Protocol

from pydantic import JsonValue

from agents.contracts.base import JsonObject

MAX_BODY_BYTES = 16 * 1024 * 1024
MAX_USAGE_CHARACTERS = 8_000
GATEWAY_GAVE_UP = frozenset({504, 524})  # a gateway stopped waiting; the vendor behind it may have gone on
END_EVENTS = frozenset({"message_stop", "response.completed", "response.incomplete"})


class Line(Protocol):
    """A connected socket."""

    def shutdown(self, how: int, /) -> None:
        """Raises OSError when it is closed."""
        ...


class Wire:
    """One HTTP answer, observed while the library reads it.

    ``sent`` is True once the prompt began to leave; ``finished`` once the vendor marked the end of its answer;
    ``ended`` once its bytes are over. A stream that ended without being finished was cut. ``usage_is_final`` is
    True when nothing may follow that counts more. ``line`` is the socket, as long as it is this call's.
    """

    def __init__(self) -> None:
        self.sent = False
        self.status = 0
        self.content_type = ""
        self.streaming = False
        self.body = b""
        self.events = 0
        self.finished = False
        self.ended = False
        self.usage: JsonObject = {}
        self.usage_is_final = False
        self.line: Line | None = None
        self._line = b""
        self._data: list[bytes] = []

    def hang_up(self) -> None:
        """Let the vendor see at once that nobody listens any more; what is open here is closed by its owner."""
        if self.line is not None:
            with suppress(OSError):
                self.line.shutdown(socket.SHUT_RDWR)

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes of an event stream."""
        *lines, self._line = (self._line + chunk).split(b"\n")
        for line in lines:
            self._take(line.rstrip(b"\r"))

    def end(self) -> None:
        """The stream is over; what stands without a closing blank line still counts."""
        self.ended = True
        self._take(self._line.rstrip(b"\r"))
        self._take(b"")
        self._line = b""

    def whole_answer(self) -> JsonObject | None:
        """The answer of a vendor that sent one JSON object although a stream was asked for."""
        if self.streaming or self.status != 200:
            return None
        answer = reported_json(self.body)
        return answer if isinstance(answer, dict) else None

    @property
    def may_be_billed(self) -> bool:
        """Whether the vendor may ask money for this call: not when it was never reached, or refused."""
        if not self.status:
            return self.sent
        return self.status < 400 or self.status in GATEWAY_GAVE_UP

    def read_whole(self, answer: JsonObject) -> None:
        """Take usage from an answer that came in one piece."""
        self.finished = True
        self.read(answer)

    def read(self, event: JsonObject) -> None:
        """Take usage and end marks from one event of any of the three APIs."""
        self.finished = self.finished or event.get("type") in END_EVENTS or has_finish_reason(event)
        for holder in (event, event.get("message"), event.get("response")):
            usage = holder.get("usage") if isinstance(holder, dict) else None
            if usage is not None:
                reported = usage if isinstance(usage, dict) else {"usage": usage}
                self.usage |= {key: value for key, value in reported.items() if value is not None}
                self.usage_is_final = self.finished
        self.usage_is_final = self.usage_is_final or event.get("type") in END_EVENTS

    def reported_usage(self) -> JsonObject:
        """The vendor's usage as it reported it, unless it is absurdly long."""
        return self.usage if len(json.dumps(self.usage)) <= MAX_USAGE_CHARACTERS else {}

    def _take(self, line: bytes) -> None:
        if line.startswith(b"data:"):
            self._data.append(line[5:].strip())
        elif not line and self._data:
            data, self._data = b"\n".join(self._data), []
            self._dispatch(data)

    def _dispatch(self, data: bytes) -> None:
        self.events += 1
        if data == b"[DONE]":
            self.finished = self.usage_is_final = True
        elif isinstance(event := reported_json(data), dict):
            self.read(event)


# The hook on the shared HTTP client finds the observation of the call it serves here: both run in one task.
CURRENT_WIRE: ContextVar[Wire | None] = ContextVar("current_wire", default=None)


def reported_json(data: bytes) -> JsonValue:
    """Parsed JSON in which NaN, infinities and huge integers are kept as text; None when it is no JSON."""
    try:
        parsed: JsonValue = json.loads(data, parse_int=_integer, parse_float=_finite, parse_constant=str)
    except (ValueError, RecursionError):
        return None
    return parsed


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) < 16 else digits


def _finite(digits: str) -> float | str:
    return number if math.isfinite(number := float(digits)) else digits


def has_finish_reason(event: JsonObject) -> bool:
    """Whether an event says why the answer ended: OpenAI's chat in a choice, Anthropic in the last delta."""
    delta = event.get("delta")
    if isinstance(delta, dict) and delta.get("stop_reason"):
        return True
    choices = event.get("choices")
    return isinstance(choices, list) and any(isinstance(c, dict) and c.get("finish_reason") for c in choices)
