"""What stands in many small tables, read in one query: what waits for a person, what was done, what there is."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias, cast

from django.db.models import CharField, F, Model, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, Left

from agents.contracts.base import JsonObject
from agents.models import Agent, Effect, HealthChange, Tool
from budgets.models import Action, Tenant, Tier, UnpricedLLM
from console.screens.approvals.waiting import open_in

Kind = Literal["asked", "unknown", "unpriced", "act", "breaker", "agent", "tool", "tier"]
MOST_WAITING = 100
CHANGES = 14
CHANGED_WITHIN = timedelta(hours=12)
UNPRICED_WITHIN = timedelta(days=1)
NOTE_CHARACTERS = 300
Rows: TypeAlias = "QuerySet[Model, tuple[str, datetime, str, str, str, str, str]]"


@dataclass(frozen=True, slots=True)
class Line:
    """One row of any of them.

    ``asked``, ``unknown``: a call of the tool ``name`` in a run; ``at`` is when it is denied by itself, or since when
    nobody knows. ``unpriced``: the LLM ``name``, asked for ``ref`` times. ``act``: ``by`` did ``name`` to ``ref``.
    ``breaker``: the link ``ref`` is ``name`` now. ``agent``, ``tool``: what there is, at the version ``ref``.
    ``tier``: the tenant's own settings, as JSON in ``ref``.
    """

    kind: Kind
    at: datetime
    ref: str
    run_id: str
    name: str
    note: str
    by: str


def read_lines(tenant: Tenant, now: datetime) -> list[Line]:
    """All of them, in one query."""
    waiting = _asked(tenant), _unknown(tenant), _unpriced(tenant, now)
    first, *others = [*waiting, _acts(tenant, now), _breakers(now), *catalogue(), _tier(tenant)]
    return [Line(cast(Kind, row[0]), *row[1:]) for row in first.union(*others, all=True)]


def of_kind(lines: Iterable[Line], *kinds: Kind) -> list[Line]:
    """Those of some kinds."""
    return [line for line in lines if line.kind in kinds]


def own_tier(lines: Iterable[Line]) -> JsonObject:
    """What the tenant's own tier sets; nothing when it has none."""
    found = of_kind(lines, "tier")
    settings: JsonObject = json.loads(found[0].ref) if found else {}
    return settings


def _asked(tenant: Tenant) -> Rows:
    rows = open_in(tenant).filter(pk__in=open_in(tenant).order_by("expires_at").values("pk")[:MOST_WAITING])
    return row_of(rows, "asked", at="expires_at", ref="pk", run_id="run_id", name="tool", note="preview")


def _unknown(tenant: Tenant) -> Rows:
    found = Effect.objects.filter(run__tenant=tenant, state="unknown")
    rows = Effect.objects.filter(pk__in=found.order_by("unknown_since").values("pk")[:MOST_WAITING])
    return row_of(rows, "unknown", at="unknown_since", run_id="run_id", name="tool")


def _unpriced(tenant: Tenant, now: datetime) -> Rows:
    rows = UnpricedLLM.objects.filter(last_tenant=tenant.slug, last_seen_at__gte=now - UNPRICED_WITHIN)
    return row_of(rows, "unpriced", at="last_seen_at", ref="times", name="llm")


def _acts(tenant: Tenant, now: datetime) -> Rows:
    found = Action.objects.filter(Q(tenant=tenant) | Q(tenant=None, run_id=""), at__gte=now - CHANGED_WITHIN)
    rows = Action.objects.filter(pk__in=found.order_by("-pk").values("pk")[:CHANGES])
    return row_of(rows, "act", at="at", ref="target", run_id="run_id", name="verb", note="reason", by="actor")


def _breakers(now: datetime) -> Rows:
    """Without those by people, which are acts; the error stays out: it may quote another tenant's tool."""
    found = HealthChange.objects.filter(at__gte=now - CHANGED_WITHIN, by="")
    rows = HealthChange.objects.filter(pk__in=found.order_by("-pk").values("pk")[:CHANGES])
    return row_of(rows, "breaker", at="at", ref="link", name="now", note="why")


def catalogue() -> tuple[Rows, Rows]:
    """The agents and tools that there are, for whichever tenant."""
    return (
        row_of(Agent.objects.exclude(current=None), "agent", at="created_at", ref="current_id", name="name"),
        row_of(Tool.objects.all(), "tool", at="changed_at", ref="digest", name="name"),
    )


def _tier(tenant: Tenant) -> Rows:
    rows = Tier.objects.for_tenant(tenant).filter(surface=None, user="")
    return row_of(rows, "tier", at="changed_at", ref="settings", name="user")


def row_of(rows: QuerySet[Model], kind: Kind, *, at: str, name: str, **texts: str) -> Rows:
    """The seven columns of a line; what a table lacks is empty."""
    columns = [Cast(F(texts[column]), TextField()) if column in texts else Value("") for column in ("ref", "run_id")]
    note = Left(F(texts["note"]), NOTE_CHARACTERS, output_field=CharField()) if "note" in texts else Value("")
    by = F(texts["by"]) if "by" in texts else Value("")
    plain = rows.order_by().values_list(Value(kind), F(at), *columns, F(name), note, by)
    return cast(Rows, plain)
