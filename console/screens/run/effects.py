"""Effects of which nobody knows whether they happened, as a person needs them to find out and to say so."""

from dataclasses import dataclass

from django.db.models import OuterRef, QuerySet, Subquery

from agents.contracts.base import JsonObject
from agents.models import Effect, EventRow, Run
from agents.models.effect import OPEN
from budgets.models import Tenant
from console.live.json_text import JsonText
from console.screens.run.effects_form import ResolveForm

MOST_SHOWN = 20
KNOWN = {
    "worker_died": "Its worker died after the call had left and before an answer was recorded.",
    "cut_by_stop": "Its worker was stopped and cut the call; what had left by then may still have happened.",
    "cut_by_kill": "A kill cut the call; what had left by then may still have happened at the far end.",
    "no_answer": "The tool did not say how it came out.",
    "not_recorded": "The runtime failed after the call had left and before its answer was recorded.",
}


@dataclass(frozen=True, slots=True)
class Unknown:
    """One such effect, what is known of it, and the form for the word on it. ``keyed``: the far end is told a key."""

    effect: Effect
    keyed: bool
    known: str
    error: str
    form: ResolveForm


@dataclass(frozen=True, slots=True)
class Awaited:
    """A call of another run of the tenant that this run waits for."""

    effect: Effect

    @property
    def is_unknown(self) -> bool:
        """Whether a person has to speak; else that run is at work on it."""
        return self.effect.state == "unknown"


def unknown_in(tenant: Tenant) -> QuerySet[Effect]:
    """All of a tenant, the oldest first."""
    found = Effect.objects.filter(run__tenant=tenant, state="unknown")
    return found.select_related("run").order_by("unknown_since", "pk")


def unknown_of(run: Run, *, may_send_again: bool, sent: dict[int, ResolveForm] | None = None) -> list[Unknown]:
    """Those of one run in one query, with blank forms, or with those that were just ``sent`` and refused."""
    why = EventRow.objects.filter(run=OuterRef("run"), kind="effect.unknown").annotate(key_=JsonText("data", "key"))
    told = why.filter(key_=OuterRef("key")).order_by("-seq").values("data")[:1]
    unknown = Effect.objects.filter(run=run, state="unknown").annotate(told=Subquery(told))
    keyed = {tool.name for tool in run.version.to_spec().tools if tool.effect == "keyed"}
    return [
        Unknown(
            effect=effect,
            keyed=effect.tool in keyed,
            known=KNOWN.get(str(_told(effect).get("why")), "Nobody knows why."),
            error=str(_told(effect).get("error") or ""),
            form=(sent or {}).get(effect.pk) or ResolveForm(effect=effect, may_send_again=may_send_again),
        )
        for effect in unknown.order_by("unknown_since", "pk")[:MOST_SHOWN]
    ]


def _told(effect: Effect) -> JsonObject:
    """What the trace says of it, read along with it."""
    return getattr(effect, "told", None) or {}


def awaited_by(run: Run) -> Awaited | None:
    """The call of another run that this one waits for; None when it waits for none."""
    if run.state != "waiting_resolution" or not run.awaited_key:
        return None
    others = Effect.objects.filter(scope=f"tenant:{run.tenant_id}", key=run.awaited_key, state__in=OPEN)
    effect = others.exclude(run=run).select_related("run").first()
    return Awaited(effect) if effect else None
