"""Events on their way to a collector: whoever commits leaves them and goes on, a thread of its own sends spans."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Protocol, cast

from agents.contracts.events import Event
from agents.telemetry.pairing import Pairing
from agents.telemetry.span import Span

logger = logging.getLogger(__name__)
MOST_WAITING = 20_000
"""Events; while a collector is slow or away the newest are dropped, and counted."""
SENT_AT_ONCE = 512
GATHER_SECONDS = 1.0
STOP_SECONDS = 5.0
SAID_EVERY_SECONDS = 30.0

Told = Sequence[tuple[str, int, Event]]


class Collector(Protocol):
    """Who takes spans."""

    def send(self, spans: Sequence[Span]) -> bool: ...

    def close(self) -> None: ...


class Outbox:
    """``dropped`` events never became spans; ``lost`` spans were not taken by the collector."""

    def __init__(self, collector: Collector, *, content: bool) -> None:
        self.dropped = 0
        self.lost = 0
        self._collector = collector
        self._pairing = Pairing(content=content)
        self._lists: deque[Told] = deque()
        self._waiting = 0
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._said = (0, 0)
        self._said_at = 0.0
        self._thread = threading.Thread(target=self._work, name="telemetry", daemon=True)

    def start(self) -> None:
        """Begin sending."""
        self._thread.start()

    def hear(self, events: Told) -> None:
        """Leave the events of one commit. Never waits for the collector."""
        with self._lock:
            if self._waiting + len(events) > MOST_WAITING:
                self.dropped += len(events)
                return
            self._waiting += len(events)
            self._lists.append(events)

    def stop(self, within_seconds: float = STOP_SECONDS) -> None:
        """Send what waits, for so long at most, then end."""
        self._stopping.set()
        self._thread.join(within_seconds)
        self._collector.close()
        self._say_losses()

    def _work(self) -> None:
        while not self._stopping.wait(GATHER_SECONDS):
            self._send_all()
        self._send_all()

    def _send_all(self) -> None:
        spans: list[Span] = []
        while events := self._next():
            try:
                spans += self._pairing.take(events)
            except Exception:  # a trace with a hole is better than a thread that is gone
                self.dropped += len(events)
                logger.exception("events could not be made into spans")
            if len(spans) >= SENT_AT_ONCE:
                self._send(spans)
                spans = []
        if spans:
            self._send(spans)
        if time.monotonic() - self._said_at >= SAID_EVERY_SECONDS:
            self._say_losses()

    def _next(self) -> Told:
        with self._lock:
            if not self._lists:
                return ()
            events = self._lists.popleft()
            self._waiting -= len(events)
            return events

    def _send(self, spans: Sequence[Span]) -> None:
        try:
            taken = self._collector.send(spans)
        except Exception:  # whatever the library or the network does, the next batch gets its chance
            logger.exception("spans could not be sent")
            taken = False
        self.lost += 0 if taken else len(spans)

    def _say_losses(self) -> None:
        now = (self.dropped, self.lost)
        if now != self._said:
            self._said, self._said_at = now, time.monotonic()
            logger.warning("telemetry: %d events were dropped and %d spans lost since the start", *now)


def wanted(environ: Mapping[str, str]) -> bool:
    """Whether the environment names a collector and does not switch OpenTelemetry off."""
    off = environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    names = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
    return not off and any(environ.get(name) for name in names)


def content_wanted(environ: Mapping[str, str]) -> bool:
    """Whether answers, arguments and outputs may leave too."""
    said = environ.get("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "")
    return said.strip().lower() in ("1", "true", "span_only", "span_and_event")


def open_outbox(environ: Mapping[str, str], service: str) -> Outbox | None:
    """An outbox at work, or None when nobody asked for one: then nothing of the SDK is loaded."""
    if not wanted(environ):
        return None
    make = cast("Callable[[str], Collector]", import_module("agents.telemetry.otlp").Collector)
    outbox = Outbox(make(service), content=content_wanted(environ))
    outbox.start()
    return outbox
