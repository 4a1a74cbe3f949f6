"""What a new price would have meant: the calls of the last seven days at the price being typed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.urls import reverse

from agents.contracts.ids import first_run_id, short_id
from budgets.models import Tenant
from budgets.money import format_usd
from budgets.pricing import Rates
from budgets.recost import Recost, RunChange, booked_calls, recost

RECOST_DAYS = 7


@dataclass(frozen=True, slots=True)
class RunLine:
    """A run that would have cost otherwise."""

    short: str
    tenant_slug: str
    address: str
    booked_nanos: int
    recost_nanos: int
    change: str


@dataclass(frozen=True, slots=True)
class Preview:
    """Both sums, how they differ in words, and the runs that change most."""

    recost: Recost
    change: str
    percent: str
    tone: str
    runs: list[RunLine]


def preview_of(name: str, rates: Rates, at: datetime) -> Preview:
    """Over all tenants: a price holds for all of them, and only people of the platform set one."""
    calls = booked_calls(name, first_run_id=first_run_id(at - timedelta(days=RECOST_DAYS)))
    found = recost(calls, rates)
    slugs = dict(Tenant.objects.filter(pk__in={run.tenant_id for run in found.runs}).values_list("pk", "slug"))
    return Preview(
        recost=found,
        change=signed_usd(found.change_nanos),
        percent=percent(found.change_nanos, found.booked_nanos),
        tone="bad" if found.change_nanos > 0 else "ok" if found.change_nanos else "dim",
        runs=[_line(run, slugs) for run in found.runs if run.tenant_id in slugs],
    )


def _line(run: RunChange, slugs: Mapping[int, str]) -> RunLine:
    slug = slugs[run.tenant_id]
    return RunLine(
        short=short_id(run.run_id),
        tenant_slug=slug,
        address=reverse("runs:detail", args=[slug, run.run_id]),
        booked_nanos=run.booked_nanos,
        recost_nanos=run.recost_nanos,
        change=signed_usd(run.change_nanos),
    )


def signed_usd(nanos: int) -> str:
    """A difference: "+$1.20", "−$0.03"; "no change" for nothing."""
    if not nanos:
        return "no change"
    return ("+" if nanos > 0 else "−") + format_usd(abs(nanos))


def percent(change_nanos: int, of_nanos: int) -> str:
    """A difference in whole percent: "+12 %", "−3 %"; "" where there is none or nothing to compare with."""
    if not change_nanos or not of_nanos:
        return ""
    hundredths = abs(change_nanos) * 100
    whole = (2 * hundredths + of_nanos) // (2 * of_nanos)
    return f"{'+' if change_nanos > 0 else '−'}{whole or '<1'} %"
