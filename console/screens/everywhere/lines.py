"""What waits for a person in several tenants, and what there is: the lines of their Overviews in one query."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeAlias, cast

from django.db.models import F, Model, QuerySet, Value

from agents.models import Effect
from budgets.models import Tenant, Tier, UnpricedLLM
from console.screens.approvals.waiting import open_in
from console.screens.overview.lines import UNPRICED_WITHIN, Kind, Line, Rows, catalogue, of_kind, row_of

MOST_WAITING = 500
"""Of each kind, over all tenants, those that are due first; the page says when there are more."""
OF_ALL = ""
"""Where the lines are that all tenants have alike."""
Owned: TypeAlias = "QuerySet[Model, tuple[str, datetime, str, str, str, str, str, str]]"


def read_lines_of(
    tenants: Sequence[Tenant], now: datetime, *, known: frozenset[str] = frozenset()
) -> Mapping[str, list[Line]]:
    """By the tenants' slugs, in one query; without acts of people and of breakers, which need nobody.

    Agents and tools whose digests are ``known`` come without what they say.
    """
    open_calls = open_in(*tenants).order_by("expires_at").values("pk")[:MOST_WAITING]
    unknown = Effect.objects.filter(run__tenant__in=tenants, state="unknown").order_by("unknown_since").values("pk")
    slugs = [tenant.slug for tenant in tenants]
    unpriced = UnpricedLLM.objects.filter(last_tenant__in=slugs, last_seen_at__gte=now - UNPRICED_WITHIN)
    tiers = Tier.objects.filter(tenant__in=tenants, surface=None, user="")
    calls = open_in(*tenants).filter(pk__in=open_calls)
    effects = Effect.objects.filter(pk__in=unknown[:MOST_WAITING])
    asked = row_of(calls, "asked", at="expires_at", ref="pk", run_id="run_id", name="tool", note="preview")
    first, *others = (
        _of(asked, F("run__tenant__slug")),
        _of(row_of(effects, "unknown", at="unknown_since", run_id="run_id", name="tool"), F("run__tenant__slug")),
        _of(row_of(unpriced, "unpriced", at="last_seen_at", ref="times", name="llm"), F("last_tenant")),
        _of(row_of(tiers, "tier", at="changed_at", ref="settings", name="user"), F("tenant__slug")),
        *(_of(rows, Value(OF_ALL)) for rows in catalogue(known)),
    )
    found: dict[str, list[Line]] = {}
    for kind, at, ref, run_id, name, note, by, whose in first.union(*others, all=True):
        found.setdefault(whose, []).append(Line(cast(Kind, kind), at, ref, run_id, name, note, by))
    return found


def are_cut(lines: Mapping[str, list[Line]]) -> bool:
    """Whether more calls or effects may wait than were read."""
    read = [line for of_one in lines.values() for line in of_one]
    return any(len(of_kind(read, kind)) >= MOST_WAITING for kind in ("asked", "unknown"))


def _of(rows: Rows, whose: "F | Value") -> Owned:
    """With the tenant's slug after the columns of a line."""
    return cast(Owned, rows.annotate(whose=whose))
