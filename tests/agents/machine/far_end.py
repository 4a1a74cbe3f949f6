"""What tools act on: the far end of the wire remembers each letter that came, also those nobody recorded."""

from collections import defaultdict
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Letter:
    """A write that a run may make: one far end dedupes by key, one does not, one is shared by the tenant's runs."""

    kind: str
    number: int

    @property
    def key(self) -> str:
        """The key of tool and arguments."""
        return f"{self.kind}-{self.number}".ljust(64, ".")

    @property
    def keyed(self) -> bool:
        """Whether the far end dedupes what comes twice."""
        return self.kind != "unkeyed"

    @property
    def dedupe_seconds(self) -> int:
        """For how long the tenant's runs share it; 0: each run has its own."""
        return 60 if self.kind == "shared" else 0


@dataclass
class FarEnd:
    """Counts what happened, by whoever may make it happen once."""

    arrived: dict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))

    def receive(self, letter: Letter, run_id: str, under: str) -> None:
        """A letter came, and was acted on unless it had come before under its key."""
        scope = "" if letter.dedupe_seconds else run_id
        if not letter.keyed or under not in self.arrived[scope, letter.key]:
            self.arrived[scope, letter.key].append(under)

    def forget(self, key: str, run_id: str) -> None:
        """A person wants a letter without a key once more: what comes next is meant."""
        self.arrived.pop((run_id, key), None)

    def forget_shared(self) -> None:
        """The time in which the tenant's runs share a letter is over."""
        self.arrived = defaultdict(list, {key: came for key, came in self.arrived.items() if key[0]})

    def doubled(self) -> list[tuple[str, str]]:
        """What happened more than once."""
        return [which for which, came in self.arrived.items() if len(came) > 1]
