"""The receipt of a kill order: what was asked, what has become of each run, and what came after the click."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.db.models import Q, QuerySet

from agents.models import KillOrder, Run, Switch
from budgets.models import Tenant
from console.screens.stops.after import ENDERS, After, after_kill, enders_of
from console.screens.stops.hits import Part, most_first
from console.screens.stops.progress import Progress, percentile, progress_of


@dataclass(frozen=True, slots=True)
class Killed:
    """One run of an order and how far it has come."""

    run: Run
    progress: Progress
    ender: str = ""

    @property
    def ender_words(self) -> str:
        """Who brought it to its end; nothing while it goes on."""
        return ENDERS.get(self.ender, "")


@dataclass(frozen=True)
class Receipt:
    """Of the runs of one order that this person may see, the newest first."""

    order: KillOrder
    found: Sequence[Killed]
    after: After

    @property
    def requested(self) -> int:
        return len(self.found)

    @property
    def acknowledged(self) -> int:
        """By the workers that held them; a run that nobody held has nobody to answer."""
        return len(self.acknowledged_ms)

    @cached_property
    def stopped(self) -> int:
        return len(self.stopped_ms)

    @cached_property
    def unheld(self) -> int:
        """Those that waited or were queued: the click itself ended them."""
        return sum(each.ender == "kill" for each in self.found)

    @property
    def held(self) -> int:
        """Those that a worker held at the click."""
        return self.requested - self.unheld

    @property
    def enders(self) -> list[Part]:
        """By whom so many were brought to their end."""
        return most_first(each.ender_words for each in self.found if each.ender_words)

    @cached_property
    def going(self) -> list[Killed]:
        """Those that have not stopped."""
        return [each for each in self.found if not each.progress.stopped]

    @property
    def done(self) -> bool:
        return not self.going

    @property
    def spent_nanos(self) -> int:
        return sum(each.run.cost_nanos for each in self.found)

    @cached_property
    def acknowledged_ms(self) -> list[int]:
        return sorted(each.progress.acknowledged_ms for each in self.found if each.progress.acknowledged_ms is not None)

    @cached_property
    def stopped_ms(self) -> list[int]:
        return sorted(each.progress.stopped_ms for each in self.found if each.progress.stopped_ms is not None)

    @property
    def times(self) -> list[tuple[str, int | None, int | None, int | None]]:
        """From the click, in milliseconds: half of them, 99 % of them, the slowest."""
        return [
            (word, percentile(taken, 50), percentile(taken, 99), taken[-1] if taken else None)
            for word, taken in (("acknowledged", self.acknowledged_ms), ("stopped", self.stopped_ms))
        ]


def find_order(tenant: Tenant, order_id: int) -> KillOrder | None:
    """The tenant's order, or one that reached all tenants; None alike for unknown ones and those of others."""
    return KillOrder.objects.filter(Q(tenant=tenant) | Q(tenant=None), pk=order_id).first()


def receipt_of_order(order: KillOrder, *, tenant: Tenant | None, now: datetime) -> Receipt:
    """Read in five queries. ``tenant`` None: the runs of all tenants, for who may see them."""
    runs: QuerySet[Run] = order.runs.all()
    if tenant is not None:
        runs = runs.filter(tenant=tenant)
    shown = runs.select_related("surface", "tenant").defer("task", "answer", "limits", "overrides").order_by("-pk")
    clicked_at = order.requested_at
    enders = enders_of(runs)
    found = [Killed(run, progress_of(run, clicked_at=clicked_at, now=now), enders.get(run.pk, "")) for run in shown]
    return Receipt(order, found, after_kill(runs))


def switch_of(order: KillOrder) -> Switch | None:
    """The stop that this order came with, if it came with one."""
    return order.switches.select_related("tenant", "surface").first()
