"""The book of the endpoint's answers in progress: which are open, and when clients hung up on them."""

import time
from dataclasses import dataclass, field

from agents.contracts.base import JsonObject
from agents.contracts.messages import Message, UserMessage

KEPT = 1_000
TASK_CHARACTERS = 200


@dataclass
class Streams:
    """Counts open answers and remembers the last ones that clients closed, with nanoseconds since 1970."""

    opened: int = 0
    open: dict[int, JsonObject] = field(default_factory=dict)
    closed: list[JsonObject] = field(default_factory=list)

    def start(self, model: str, messages: tuple[Message, ...]) -> int:
        """An answer begins; its number."""
        self.opened += 1
        task = next((message.text for message in messages if isinstance(message, UserMessage)), "")
        self.open[self.opened] = {
            "request": self.opened,
            "model": model,
            "task": task[:TASK_CHARACTERS],
            "opened_at": time.time_ns(),
        }
        return self.opened

    def end(self, number: int) -> None:
        """The answer was sent to its end."""
        self.open.pop(number, None)

    def hung_up(self, number: int, closed_at: int) -> JsonObject:
        """The client closed its socket before the end: what is kept of it."""
        entry: JsonObject = {**self.open.pop(number, {"request": number}), "closed_at": closed_at}
        self.closed = [*self.closed[-KEPT + 1 :], entry]
        return entry
