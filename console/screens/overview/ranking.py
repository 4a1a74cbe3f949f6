"""What needs a person, and in which order: money x spread x time left. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from console.access.policy import Verb

NOW = timedelta(seconds=30)
"""How much time is left of what is wrong already."""
SOME_DAY = timedelta(hours=6)
"""What gets no worse by waiting."""
SCALE = 1_000_000
"""Keeps what is days away apart, in whole numbers."""
LEAST_NANOS = 50_000_000
"""What no money hangs on counts as five cents, so that spread and time still order it."""


@dataclass(frozen=True, slots=True)
class Act:
    """The one verb that helps: who may do it gets a button, into a dialog or to a page; others get ``look``."""

    label: str
    href: str
    verb: Verb = "view"
    dialog: bool = False
    danger: bool = False


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that needs a person.

    ``nanos`` is the money at stake (``what`` says in which sense), ``spread`` how many runs (or what ``of`` says) it is
    about, ``left`` how long until it is too late.
    ``until`` counts down on the page, ``since`` counts up. ``href`` is where it can be looked at.
    """

    key: str
    tone: str
    glyph: str
    title: str
    why: str
    href: str
    act: Act
    nanos: int = 0
    what: str = "spent"
    spread: int = 1
    of: str = "runs"
    left: timedelta = NOW
    until: datetime | None = None
    since: datetime | None = None

    @property
    def weight(self) -> int:
        """Nano-USD at stake times the runs it is about, by the square of the seconds left: soon outweighs much."""
        seconds = max(NOW, self.left) // timedelta(seconds=1)
        return (self.nanos + LEAST_NANOS) * max(1, self.spread) * SCALE // seconds**2


def ranked(needs: Iterable[Need]) -> list[Need]:
    """The heaviest first; of two alike the bad one, then by key, so that no two looks differ."""
    return sorted(needs, key=lambda need: (-need.weight, need.tone != "bad", need.key))
