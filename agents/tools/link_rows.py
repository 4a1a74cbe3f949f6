"""The rows of links: each write locks one row, moves its breaker, and keeps the change with what caused it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from agents.journal.gate import plain
from agents.models import HealthChange, LinkTrouble, ToolHealth
from agents.tools.breaker import Breaker
from agents.tools.known_links import to_breaker
from budgets import clock
from budgets.models import Tenant

ERROR_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one call at a link ended that matters to its breaker. ``error`` "" and not ``slow``: well."""

    link: str
    error: str = ""
    slow: bool = False
    tenant: str = ""
    run_id: str = ""
    cost_nanos: int = 0

    @property
    def bad(self) -> bool:
        """Whether the breaker counts it as a failure."""
        return bool(self.error) or self.slow


@dataclass(frozen=True, slots=True)
class Trouble:
    """What a link's trouble did to a run without an attempt at it: it was passed over, or the tool was missing."""

    link: str
    what: str
    tenant: str
    run_id: str


def write_outcome(outcome: Outcome, *, calm_before: int) -> ToolHealth:
    """Count ``calm_before`` good calls and this one; returns the row as it is now."""
    with transaction.atomic():
        row = locked(outcome.link)
        if row.state == "closed":
            row.probe_asked_at = None  # whoever asked has the answer by this call
        breaker = _after_calm(to_breaker(row), calm_before).after(failed=outcome.bad, now=clock.now())
        row.last_error = plain(outcome.error[:ERROR_CHARACTERS]) or row.last_error
        _move(row, breaker, _why(row, breaker, outcome), outcome)
        if outcome.bad and outcome.run_id:
            what = "failed" if outcome.error else "slow"
            _keep_troubles([Trouble(outcome.link, what, outcome.tenant, outcome.run_id)], outcome.cost_nanos)
    return row


def write_calm(link: str, calls: int) -> ToolHealth:
    """Count good calls of a link, unless its breaker is no longer closed."""
    with transaction.atomic():
        row = locked(link)
        if row.state == "closed":
            _store(row, _after_calm(to_breaker(row), calls))
    return row


def trip(outcome: Outcome, *, calm_before: int) -> ToolHealth:
    """Open the breaker whatever was counted: for what one call did."""
    with transaction.atomic():
        row = locked(outcome.link)
        breaker = _after_calm(to_breaker(row), calm_before).trip(clock.now())
        row.last_error = plain(outcome.error[:ERROR_CHARACTERS])
        _move(row, breaker, "opened at once by what one call did", outcome)
    return row


def take_probe(link: str) -> tuple[ToolHealth, bool]:
    """Become the one that probes, in all workers; False when another one does, or nobody is to."""
    with transaction.atomic():
        row = locked(link)
        breaker, now = to_breaker(row), clock.now()
        mine = breaker.wants_probe(now) or row.probe_asked_at is not None
        if mine:
            row.probe_asked_at = None
            probing = breaker if breaker.state == "closed" else breaker.probing(now)
            _move(row, probing, "one call goes through as a probe", Outcome(link))
    return row, mine


def keep_troubles(troubles: Sequence[Trouble]) -> None:
    """Write what happened to runs in the shadow of a link that was out."""
    with transaction.atomic():
        _keep_troubles(troubles, 0)


def locked(link: str) -> ToolHealth:
    """The link's row, made when there is none, locked until the transaction ends."""
    row, _ = ToolHealth.objects.select_for_update().get_or_create(
        link=link, defaults={"window_started_at": clock.now()}
    )
    return row


def _after_calm(breaker: Breaker, calls: int) -> Breaker:
    """Good calls that were counted elsewhere; while it is not closed they say nothing of its present state."""
    if breaker.state != "closed":
        return breaker
    now = clock.now()
    for _ in range(calls):
        breaker = breaker.after(failed=False, now=now)
    return breaker


def _move(row: ToolHealth, breaker: Breaker, why: str, by: Outcome) -> None:
    was = row.state
    _store(row, breaker)
    if breaker.state == was:
        return
    HealthChange.objects.create(
        link=row.link,
        was=was,
        now=breaker.state,
        why=why,
        error=plain(by.error[:ERROR_CHARACTERS]),
        tenant_id=_tenant_id(by.tenant),
        run_id=by.run_id,
    )


def _why(row: ToolHealth, breaker: Breaker, outcome: Outcome) -> str:
    if row.state == "half_open":
        return "the probe failed" if outcome.bad else "the probe succeeded"
    return f"{breaker.failures} of {breaker.calls} calls failed or were slow"


def _store(row: ToolHealth, breaker: Breaker) -> None:
    row.state = breaker.state
    row.calls, row.failures = breaker.calls, breaker.failures
    row.window_started_at = breaker.window_started_at
    row.opened_at, row.probe_at, row.openings = breaker.opened_at, breaker.probe_at, breaker.openings
    row.save()


def _keep_troubles(troubles: Sequence[Trouble], cost_nanos: int) -> None:
    tenants = dict(Tenant.objects.filter(slug__in={t.tenant for t in troubles}).values_list("slug", "pk"))
    LinkTrouble.objects.bulk_create(
        LinkTrouble(
            tenant_id=tenants[trouble.tenant],
            run_id=trouble.run_id,
            link=trouble.link,
            what=trouble.what,
            cost_nanos=cost_nanos,
            at=clock.now(),
        )
        for trouble in troubles
        if trouble.tenant in tenants
    )


def _tenant_id(slug: str) -> int | None:
    return Tenant.objects.filter(slug=slug).values_list("pk", flat=True).first() if slug else None
