"""Since when nothing has needed anybody: the last end of anything that would have stood on the Overview."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias, cast

from django.db.models import Exists, F, Max, Model, OuterRef, Q, QuerySet, Value

from agents.models import Approval, Effect, HealthChange, Run, Switch
from budgets.models import Action, BudgetAlert, Tenant
from budgets.seed import FIRST_USE
from console.screens.overview.live_runs import HOUR
from console.screens.overview.needs_of_money import NEARLY_SPENT_PERCENT
from console.screens.overview.workers import QUEUED_TOO_LONG

RUNS_LOOKED_AT = 500
"""The last ends of runs: when none of so many needed anybody, it was calm at least since the first of them."""

WORDS: Mapping[str, str] = {
    "approval": "a call was decided",
    "effect": "an unknown effect was resolved",
    "stop": "a stop was lifted",
    "breaker": "a tool came back",
    "alert": "a budget alert was seen",
    "act": "a budget was topped up or a price set",
    "run": "a run was killed, or ended near its cap",
    "dead": "a run died",
    "queue": "a run had waited long for a worker",
}
Ends: TypeAlias = "QuerySet[Model, tuple[str, datetime | None]]"


@dataclass(frozen=True, slots=True)
class Calm:
    """``what`` ended then; "" when nothing of the kind is known. ``at_least``: it may have been calm for longer."""

    since: datetime | None
    what: str = ""
    at_least: bool = False


def calm_since(tenant: Tenant) -> Calm:
    """One query, over what was decided, resolved, lifted, mended and seen, and over how the last runs ended."""
    first, *others = _ends(tenant)
    return latest(dict(first.union(*others, all=True)))


def latest(ends: Mapping[str, datetime | None]) -> Calm:
    """The last of these ends; a run that died is news for an hour. "looked back to" is how far runs were read."""
    told = {what: at for what, at in ends.items() if at is not None and what in WORDS}
    if "dead" in told:
        told["dead"] += HOUR
    back_to = ends.get("looked back to")
    what = max(told, key=lambda each: told[each], default="")
    if back_to is not None and (not what or told[what] < back_to):
        return Calm(back_to, at_least=True)
    return Calm(told[what], WORDS[what]) if what else Calm(None)


def _ends(tenant: Tenant) -> Iterable[Ends]:
    runs = Run.objects.filter(tenant=tenant)
    # By their ids alone: with the tenant SQLite would rather walk all of its runs.
    ended = runs.exclude(ended_at=None).order_by("-ended_at").values("pk")
    last = Run.objects.filter(pk__in=ended[:RUNS_LOOKED_AT])
    farthest = Run.objects.filter(pk__in=ended[RUNS_LOOKED_AT - 1 : RUNS_LOOKED_AT])
    nearly = Q(cap_nanos__gt=0, cost_nanos__gte=F("cap_nanos") / 100 * NEARLY_SPENT_PERCENT)
    late = last.filter(started_at__gt=F("created_at") + QUEUED_TOO_LONG + timedelta(seconds=1))
    # As conditions on what ended, read from its newer end: over a join SQLite would begin with all runs of the tenant.
    own = Exists(runs.filter(pk=OuterRef("run")))
    yield _last("approval", _newest(Approval.objects.filter(own), "decided_at"), "decided_at")
    yield _last("effect", _newest(Effect.objects.filter(own), "resolved_at"), "resolved_at")
    yield _last("stop", Switch.objects.filter(Q(tenant=tenant) | Q(tenant=None)), "lifted_at")
    yield _last("breaker", HealthChange.objects.filter(now="closed"), "at")
    yield _last("alert", BudgetAlert.objects.filter(account__tenant=tenant), "seen_at")
    acts = Action.objects.filter(Q(tenant=tenant) | Q(tenant=None), verb__in=("budget.top_up", "price.set"))
    yield _last("act", acts.exclude(actor=FIRST_USE), "at")
    yield _last("run", last.filter(nearly | Q(state="killed")), "ended_at")
    yield _last("dead", last.filter(state="dead"), "ended_at")
    yield _last("queue", late, "started_at")
    yield _last("looked back to", farthest, "ended_at")


def _newest(rows: "QuerySet[Model]", field: str) -> "QuerySet[Model]":
    """The row with the latest instant in a column."""
    ended = rows.filter(**{f"{field}__isnull": False}).order_by(f"-{field}")
    return rows.filter(pk__in=ended.values("pk")[:1])


def _last(what: str, rows: "QuerySet[Model]", field: str) -> Ends:
    """The latest instant of a column, under a name."""
    named = rows.order_by().annotate(what=Value(what)).values("what").annotate(last=Max(field))
    return cast(Ends, named.values_list("what", "last"))
