"""One budget as a row of the page: what it has spent, holds and may still spend, and how that goes on."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from agents.models import Run
from budgets.models import Account
from budgets.periods import Window
from budgets.tiers import Limits, Scope
from console.live.figures import meter_tone
from console.screens.budgets.naming import Origin
from console.screens.budgets.projection import Projection, projected
from console.screens.run.spending import Pace, pace, pace_text


@dataclass(frozen=True, slots=True)
class Used:
    """How many there are now of what may be at once, or within a minute."""

    now: int
    most: int


@dataclass(frozen=True, kw_only=True)
class Line:
    """One budget; without an account nothing was held on it yet. Amounts in nano-USD."""

    name: str
    scope: Scope
    limit_nanos: int | None
    origin: Origin
    limits: Limits
    now: datetime
    account: Account | None = None
    window: Window | None = None
    run: Run | None = None
    runs_live: int = 0
    parallel: Used | None = None
    launches: Used | None = None

    @property
    def spent_nanos(self) -> int:
        return self.account.spent_nanos if self.account else 0

    @property
    def held_nanos(self) -> int:
        return self.account.held_nanos if self.account else 0

    @property
    def topped_up_nanos(self) -> int:
        return self.account.topped_up_nanos if self.account else 0

    @property
    def cap_nanos(self) -> int | None:
        """The limit with its top-ups."""
        return None if self.limit_nanos is None else self.limit_nanos + self.topped_up_nanos

    @property
    def left_nanos(self) -> int | None:
        """What may still be reserved; never below zero, None without a cap."""
        return None if self.cap_nanos is None else max(0, self.cap_nanos - self.spent_nanos - self.held_nanos)

    @property
    def severity(self) -> int:
        """3 when nothing is left or a run waits for money, 2 when little is left or will be, as rows are marked."""
        if self.cap_nanos is None:
            return 0
        if self.left_nanos == 0 or (self.run is not None and self.run.state == "paused_budget"):
            return 3
        near = meter_tone(self.spent_nanos + self.held_nanos, self.cap_nanos) != "ok"
        return 2 if near or (self.projection is not None and self.projection.full_at is not None) else 0

    @cached_property
    def projection(self) -> Projection | None:
        """At the end of its window; None for what has none, and while it is too early."""
        if self.window is None:
            return None
        return projected(
            spent_nanos=self.spent_nanos,
            held_nanos=self.held_nanos,
            cap_nanos=self.cap_nanos,
            start_at=self.window.start_at,
            end_at=self.window.end_at,
            now=self.now,
        )

    @property
    def max_ms(self) -> int:
        """How long a run may take, in milliseconds."""
        return self.limits.max_seconds * 1000

    @property
    def pace_words(self) -> str:
        """How fast a run spends, in words; nothing while it does not work."""
        return pace_text(self.pace)

    @property
    def pace(self) -> Pace | None:
        """How fast a run that is at work spends."""
        if self.run is None or self.run.state != "running":
            return None
        return pace(
            cost_nanos=self.run.cost_nanos,
            cap_nanos=self.cap_nanos,
            started_at=self.run.started_at or self.run.created_at,
            now=self.now,
        )
