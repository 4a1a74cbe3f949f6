"""What happened during a soak, counted: faults, acts, checks, and the first thing that was wrong."""

import threading
from collections import Counter


class Violation(AssertionError):
    """Something that must never be so was seen."""


class Tally:
    """Shared by the threads of a soak."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.faults: Counter[str] = Counter()
        self.acts: Counter[str] = Counter()
        self.checks: Counter[str] = Counter()
        self.violations: list[str] = []
        self.over = threading.Event()

    def fault(self, kind: str) -> None:
        """One fault was injected."""
        self._count(self.faults, kind)

    def act(self, kind: str) -> None:
        """Somebody did something, or tried to."""
        self._count(self.acts, kind)

    def check(self, name: str) -> None:
        """A truth was looked at and held."""
        self._count(self.checks, name)

    def violation(self, said: str) -> None:
        """A truth did not hold: the day is over."""
        with self._lock:
            self.violations.append(said)
        self.over.set()

    def _count(self, counter: Counter[str], name: str) -> None:
        with self._lock:
            counter[name] += 1
