"""The figures above the list and on its tabs, counted over the tenant's live runs. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from console.screens.runs.live import MOST_LIVE, VIEWS
from console.screens.runs.tabs import MINE
from console.screens.runs.urgency import LiveRun


@dataclass(frozen=True, slots=True)
class Figures:
    """How many runs are at work or queued, how many wait, and how many each view has; ``more`` when there are more."""

    running: int
    waiting: int
    counts: Mapping[str, int]
    more: bool


def figures_of(live: Sequence[LiveRun], username: str, now: datetime) -> Figures:
    """Of a tenant's live runs, as one person sees them."""
    waiting = sum(run.waits for run in live)
    counts = {
        **{view: sum(holds(run, now) for run in live) for view, holds in VIEWS.items()},
        "waiting": waiting,
        MINE: sum(run.launched_by == username for run in live),
    }
    return Figures(len(live) - waiting, waiting, counts, len(live) >= MOST_LIVE)
