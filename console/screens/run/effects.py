"""Effects of which nobody knows whether they happened, as a person needs them to find out and to say so."""

from dataclasses import dataclass

from django.db.models import QuerySet

from agents.models import Effect, EventRow, Run
from agents.models.effect import OPEN
from budgets.models import Tenant
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
    """Those of one run, with blank forms, or with those that were just ``sent`` and refused."""
    effects = list(run.effects.filter(state="unknown").order_by("unknown_since", "pk")[:MOST_SHOWN])
    if not effects:
        return []
    events = EventRow.objects.filter(run=run, kind="effect.unknown").order_by("-seq")[: 4 * MOST_SHOWN]
    keyed = {tool.name for tool in run.version.to_spec().tools if tool.effect == "keyed"}
    told = {str(event.data.get("key")): event.data for event in reversed(events)}
    return [
        Unknown(
            effect=effect,
            keyed=effect.tool in keyed,
            known=KNOWN.get(str(told.get(effect.key, {}).get("why")), "Nobody knows why."),
            error=str(told.get(effect.key, {}).get("error") or ""),
            form=(sent or {}).get(effect.pk) or ResolveForm(effect=effect, may_send_again=may_send_again),
        )
        for effect in effects
    ]


def awaited_by(run: Run) -> Awaited | None:
    """The call of another run that this one waits for; None when it waits for none."""
    if run.state != "waiting_resolution" or not run.awaited_key:
        return None
    others = Effect.objects.filter(scope=f"tenant:{run.tenant_id}", key=run.awaited_key, state__in=OPEN)
    effect = others.exclude(run=run).select_related("run").first()
    return Awaited(effect) if effect else None
