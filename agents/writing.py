"""What LLMs are writing at this moment, told to whoever watches: never stored, and nothing ever waits for it.

A loss shows, and makes no text wrong: each piece says where in the text it belongs, and the whole is said again now and
then. When the step is recorded, its row takes the text's place.
"""

import json
import logging
import threading
import time
from collections import deque
from dataclasses import dataclass

import redis

from agents import bell
from agents.secrets.chunks import Chunks
from agents.secrets.redaction import known

CHANNEL = "watchfloor:text:"
TICK_SECONDS = 0.25
WHOLE_SECONDS = 2.0
REDIS_AWAY_SECONDS = 2.0
KEPT_CHARACTERS = 8_000
"""Of a longer text its end is shown."""

logger = logging.getLogger(__name__)


def channel_of(run_id: str) -> str:
    """Where the text of a run is told: only while somebody watches this very run does anybody listen there."""
    return f"{CHANNEL}{run_id}"


@dataclass(frozen=True, slots=True)
class Piece:
    """Some of the text that the ``attempt``-th call of this stretch writes, for a span, from character ``at`` on."""

    span_id: str
    attempt: int
    at: int
    text: str

    def to_json(self) -> str:
        """As it is sent."""
        return json.dumps({"span": self.span_id, "attempt": self.attempt, "at": self.at, "text": self.text})


def piece_of(message: str | bytes) -> Piece:
    """Read a message. Raises ValueError for what is no piece."""
    said = json.loads(message)
    if not isinstance(said, dict):
        raise ValueError("no piece of a text")
    match said:
        case {"span": str(span_id), "attempt": int(attempt), "at": int(at), "text": str(text)} if at >= 0:
            return Piece(span_id, attempt, at, text[-KEPT_CHARACTERS:])
    raise ValueError(f"no piece of a text: {sorted(said)}")


class Writing:
    """The text of one call. The edge adds to it; in the scribe's thread it loses its secrets, if anybody listens."""

    def __init__(self, run_id: str, span_id: str, attempt: int) -> None:
        self.channel = channel_of(run_id)
        self._span_id = span_id
        self._attempt = attempt
        self._heard: deque[str] = deque()
        self._chunks = Chunks(lambda: known.matcher, self._keep)
        self._at = self._told = 0
        self._text = ""
        self._listeners = 0
        self._whole_at = 0.0

    def hear(self, text: str) -> None:
        """Take a piece: one append, on the loop on which all calls of this worker wait."""
        self._heard.append(text)

    def news(self, listeners: int, now: float) -> Piece | None:
        """What so many listeners are to be told at this moment; all of it when there may be one who is new."""
        new_ones, self._listeners = listeners > self._listeners, listeners
        if not listeners:
            return None
        if self._heard:
            self._chunks.hear("".join(self._heard.popleft() for _ in range(len(self._heard))))
        end = self._at + len(self._text)
        if end and (new_ones or now >= self._whole_at):
            self._told, self._whole_at = self._at, now + WHOLE_SECONDS
        if end == self._told:
            return None
        begin, self._told = max(self._told, self._at), end
        return Piece(self._span_id, self._attempt, begin, self._text[begin - self._at :])

    def _keep(self, text: str) -> None:
        whole = self._text + text
        self._text = whole[-KEPT_CHARACTERS:]
        self._at += len(whole) - len(self._text)


class Scribe:
    """A worker's thread that tells what is written, four times a second, in two round trips for all of its runs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._writings: set[Writing] = set()
        self._written = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="scribe", daemon=True)

    def start(self) -> None:
        """Begin to tell."""
        self._thread.start()

    def stop(self) -> None:
        """Tell no more; what was not told is in the step's row soon."""
        self._stopping.set()
        self._written.set()
        self._thread.join(2 * bell.TIMEOUT_SECONDS)

    def add(self, writing: Writing) -> None:
        """A call has begun to write."""
        with self._lock:
            self._writings.add(writing)
        self._written.set()

    def remove(self, writing: Writing) -> None:
        """The call is over."""
        with self._lock:
            self._writings.discard(writing)

    def tell(self) -> bool:
        """Tell all who listen what is new. False when Redis did not answer."""
        with self._lock:
            writings = list(self._writings)
        try:
            listening = bell.listeners([writing.channel for writing in writings])
            now = time.monotonic()
            news = [(each.channel, each.news(listening.get(each.channel, 0), now)) for each in writings]
            return bell.publish([(channel, piece.to_json()) for channel, piece in news if piece is not None])
        except redis.RedisError as error:
            logger.info("nobody is told what is being written: %s", error)
            return False

    def _work(self) -> None:
        while not self._stopping.is_set():
            self._written.wait()
            self._stopping.wait(TICK_SECONDS)
            with self._lock:
                if not self._writings:
                    self._written.clear()
                    continue
            try:
                heard = self.tell()
            except Exception:  # a fault of ours must not silence the worker for good
                logger.exception("what is being written could not be told")
                heard = False
            if not heard:
                self._stopping.wait(REDIS_AWAY_SECONDS)


class RunText:
    """What the LLM of one run writes. A call that streams nothing costs nothing here."""

    def __init__(self, scribe: Scribe, run_id: str) -> None:
        self._scribe = scribe
        self._run_id = run_id
        self._span_id = ""
        self._attempts = 0
        self._writing: Writing | None = None

    def begin(self, span_id: str) -> None:
        """A call begins, for this span; the same span again is a retry, whose text begins anew."""
        self._span_id = span_id
        self._attempts += 1

    def hear(self, text: str) -> None:
        """A piece of its text; what a call says that was cut meanwhile is passed over."""
        if self._writing is None:
            if not self._span_id:
                return
            self._writing = Writing(self._run_id, self._span_id, self._attempts)
            self._scribe.add(self._writing)
        self._writing.hear(text)

    def end(self) -> None:
        """The call is over, however it ended."""
        self._span_id = ""
        if (writing := self._writing) is not None:
            self._writing = None
            self._scribe.remove(writing)
