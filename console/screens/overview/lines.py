"""What stands in many small tables, read in one query: what waits for a person, what was done, what there is."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Literal, TypeAlias, cast

from django.db.models import Case, CharField, DateTimeField, Expression, F, Model, Q, QuerySet, TextField, Value, When
from django.db.models.functions import Cast, Left

from agents.contracts.base import JsonObject
from agents.models import Agent, Effect, HealthChange, Tool
from budgets.models import Action, Tenant, Tier, UnpricedLLM
from console.screens.approvals.waiting import open_in
from console.screens.attention import Attention, counted_attention
from console.screens.prepared import TENANT, Given, Prepared, prepared

Kind = Literal["counts", "asked", "unknown", "unpriced", "act", "breaker", "agent", "tool", "tier"]
MOST_WAITING = 100
CHANGES = 14
MOVES = 100
CHANGED_WITHIN = timedelta(hours=12)
UNPRICED_WITHIN = timedelta(days=1)
SLUG = Given("slug", CharField())
CHANGED_SINCE, UNPRICED_SINCE = Given("changed_since", DateTimeField()), Given("unpriced_since", DateTimeField())
NOTE_CHARACTERS = 300
Rows: TypeAlias = "QuerySet[Model, tuple[str, datetime, str, str, str, str, str]]"


@dataclass(frozen=True, slots=True)
class Line:
    """One row of any of them.

    ``counts``: ``ref`` approvals are open, and ``note`` effects unknown, of which no more than some come; ``run_id``
    alerts are unseen, and ``by`` stops stand.
    ``asked``, ``unknown``: a call of the tool ``name`` in a run; ``at`` is when it is denied by itself, or since when
    nobody knows. ``unpriced``: the LLM ``name``, asked for ``ref`` times. ``act``: ``by`` did ``name`` to ``ref``.
    ``breaker``: the link ``ref`` is ``name`` now. ``agent``, ``tool``: what there is, of the digest ``ref``; ``note``
    is what it says as JSON, ``by`` the version's number or the tool's origin, ``run_id`` the version's id.
    ``tier``: the tenant's own settings, as JSON in ``ref``.
    """

    kind: Kind
    at: datetime
    ref: str
    run_id: str
    name: str
    note: str
    by: str


def read_lines(tenant: Tenant, now: datetime, *, known: frozenset[str] = frozenset()) -> list[Line]:
    """All of them, in one query; agents and tools whose digests are ``known`` come without what they say."""
    since = {"changed_since": now - CHANGED_WITHIN, "unpriced_since": now - UNPRICED_WITHIN}
    rows = _lines(known).ask(tenant=tenant.pk, slug=tenant.slug, **since)
    return [Line(*row) for row in rows]


@lru_cache(maxsize=16)
def _lines(known: frozenset[str]) -> Prepared:
    """The statement, for agents and tools that are known; the tenant and the instants are put into it."""
    first, *others = [_counts(), _asked(), _unknown(), _unpriced(), _acts(), _breakers(), *catalogue(known), _tier()]
    return prepared(first.union(*others, all=True))


def of_kind(lines: Iterable[Line], *kinds: Kind) -> list[Line]:
    """Those of some kinds."""
    return [line for line in lines if line.kind in kinds]


def own_tier(lines: Iterable[Line]) -> JsonObject:
    """What the tenant's own tier sets; nothing when it has none."""
    found = of_kind(lines, "tier")
    settings: JsonObject = json.loads(found[0].ref) if found else {}
    return settings


def attention_in(lines: Iterable[Line]) -> Attention:
    """What wants a look, however much of it came."""
    (found,) = of_kind(lines, "counts")
    return Attention(int(found.ref), int(found.note), int(found.run_id), int(found.by))


def _counts() -> Rows:
    asked, unknown, alerts, stops = (Cast(count, TextField()) for count in counted_attention())
    rows = Tenant.objects.filter(pk=TENANT)
    return row_of(rows, "counts", at="created_at", name="slug", ref=asked, note=unknown, run_id=alerts, by=stops)


def _asked() -> Rows:
    rows = open_in(TENANT).filter(pk__in=open_in(TENANT).order_by("expires_at").values("pk")[:MOST_WAITING])
    return row_of(rows, "asked", at="expires_at", ref="pk", run_id="run_id", name="tool", note="preview")


def _unknown() -> Rows:
    found = Effect.objects.filter(run__tenant=TENANT, state="unknown")
    rows = Effect.objects.filter(pk__in=found.order_by("unknown_since").values("pk")[:MOST_WAITING])
    return row_of(rows, "unknown", at="unknown_since", run_id="run_id", name="tool")


def _unpriced() -> Rows:
    rows = UnpricedLLM.objects.filter(last_tenant=SLUG, last_seen_at__gte=UNPRICED_SINCE)
    return row_of(rows, "unpriced", at="last_seen_at", ref="times", name="llm")


def _acts() -> Rows:
    found = Action.objects.filter(Q(tenant=TENANT) | Q(tenant=None, run_id=""), at__gte=CHANGED_SINCE)
    rows = Action.objects.filter(pk__in=found.order_by("-pk").values("pk")[:CHANGES])
    return row_of(rows, "act", at="at", ref="target", run_id="run_id", name="verb", note="reason", by="actor")


def _breakers() -> Rows:
    """Without those by people, which are acts; the error stays out: it may quote another tenant's tool.

    More than are shown, since one that moves to and fro is told once.
    """
    found = HealthChange.objects.filter(at__gte=CHANGED_SINCE, by="")
    rows = HealthChange.objects.filter(pk__in=found.order_by("-pk").values("pk")[:MOVES])
    return row_of(rows, "breaker", at="at", ref="link", name="now", note="why")


def catalogue(known: frozenset[str]) -> tuple[Rows, Rows]:
    """The agents and tools that there are, for whichever tenant; those ``known`` by their digests say no more."""
    return (
        row_of(
            Agent.objects.exclude(current=None),
            "agent",
            at="created_at",
            name="name",
            ref="current__digest",
            run_id="current_id",
            by=Cast("current__number", TextField()),
            note=_unless_known("current__digest", "current__spec", known),
        ),
        row_of(
            Tool.objects.all(),
            "tool",
            at="changed_at",
            name="name",
            ref="digest",
            by="origin",
            note=_unless_known("digest", "spec", known),
        ),
    )


def _unless_known(digest: str, spec: str, known: frozenset[str]) -> Case:
    """What an agent or a tool says, as JSON; nothing for what is known."""
    return Case(
        When(**{f"{digest}__in": sorted(known)}, then=Value("")),
        default=Cast(F(spec), TextField()),
        output_field=TextField(),
    )


def _tier() -> Rows:
    rows = Tier.objects.filter(tenant=TENANT, surface=None, user="")
    return row_of(rows, "tier", at="changed_at", ref="settings", name="user")


def row_of(rows: QuerySet[Model], kind: Kind, *, at: str, name: str, **texts: str | Expression) -> Rows:
    """The seven columns of a line; what a table lacks is empty, and a note in a column is cut."""
    columns = [_text(texts.get("ref")), _text(texts.get("run_id"))]
    note, by = texts.get("note", Value("")), texts.get("by", Value(""))
    cut = Left(F(note), NOTE_CHARACTERS, output_field=CharField()) if isinstance(note, str) else note
    plain = rows.order_by().values_list(
        Value(kind), F(at), *columns, F(name), cut, F(by) if isinstance(by, str) else by
    )
    return cast(Rows, plain)


def _text(given: str | Expression | None) -> Expression:
    if given is None:
        return Value("")
    return Cast(F(given), TextField()) if isinstance(given, str) else given
