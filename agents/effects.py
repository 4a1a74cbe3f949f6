"""Effects of which nobody knows whether they happened: a person says so, and whoever waits for the word goes on."""

import json
from typing import Literal

from django.db import transaction
from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat, Now
from pydantic import JsonValue

from agents import bell
from agents.contracts.base import JsonObject
from agents.contracts.endings import TERMINAL, RunState
from agents.contracts.events import Event
from agents.event_log import tell_after_commit
from agents.journal import statements
from agents.journal.decide import add_events
from agents.journal.gate import plain, storable
from agents.journal.rows import LockedRun, NewRows
from agents.lifecycle import wake
from agents.models import Effect, Run
from agents.models.effect import OPEN
from budgets import actions, clock

Word = Literal["happened", "again", "given_up"]

MOST_PER_SWEEP = 500
FOR_A_WORD: tuple[RunState, ...] = ("waiting_resolution",)
SAID: dict[Word, str] = {
    "happened": "it happened",
    "again": "it is to be made again",
    "given_up": "it is given up",
}
HAPPENED: JsonObject = {
    "status": "happened",
    "note": "A person found that this happened. Its answer is not known.",
}
"""What the LLM is told of a call that happened, says a person who does not say what it gave."""


def resolve(*, effect: Effect, outcome: Word, actor: str, reason: str, result: JsonValue = None) -> bool:
    """Say what became of an effect that nobody knows of; the first word wins. False when it is not unknown (any more).

    ``happened``: ``result`` becomes the call's answer. ``again``: the call is made once more under its key.
    ``given_up``: the LLM is told that nobody knows, and that it must not call it again. Runs that wait for the word
    go on at once; of a run that has ended only the effect changes. Raises NotStorable for a result that is no JSON.
    """
    given = json.loads(storable({"value": HAPPENED if result is None else result})) if outcome == "happened" else None
    with transaction.atomic():
        run = statements.lock_runs([effect.run_id]).get(effect.run_id)
        changed = Effect.objects.filter(pk=effect.pk, run_id=effect.run_id, state="unknown").update(
            state="resolved",
            outcome=outcome,
            result=given,
            resolved_by=actor,
            resolved_at=Now(),
            resolution_reason=plain(reason),
        )
        if not changed:
            return False
        if run is not None and run.state not in TERMINAL:
            _tell(run, effect, outcome=outcome, actor=actor, reason=reason)
        _note(effect, outcome=outcome, actor=actor, reason=reason)
    if run is not None:
        bell.ring_head(run.id, run.tenant_id, run.next_seq - 1)
    for waiting in waiting_for(effect):
        wake(run=waiting, actor=actor, why=f"{effect.tool}: {SAID[outcome]}", waiting_in=FOR_A_WORD)
    return True


def waiting_for(effect: Effect) -> QuerySet[Run]:
    """The runs that stand still until it is known what became of this effect."""
    others = Q(awaited_key=effect.key) & Q(tenant=effect.run.tenant_id)
    return Run.objects.filter(Q(pk=effect.run_id) | others, state="waiting_resolution")


def wake_answered() -> int:
    """Let runs go on whose awaited effect has come out meanwhile, in another run or while nobody woke them."""
    scopes = Q(scope=OuterRef("pk")) | Q(scope=Concat(Value("tenant:"), Cast(OuterRef("tenant_id"), CharField())))
    still_open = Effect.objects.filter(scopes, key=OuterRef("awaited_key"), state__in=OPEN)
    waiting = Run.objects.filter(state="waiting_resolution", kill_requested_at=None).exclude(awaited_key="")
    answered = list(waiting.filter(~Exists(still_open))[:MOST_PER_SWEEP])
    why = "what it waited for has come out"
    return sum(wake(run=run, actor="the sweeper", why=why, waiting_in=FOR_A_WORD, by_person=False) for run in answered)


def _tell(run: LockedRun, effect: Effect, *, outcome: Word, actor: str, reason: str) -> None:
    rows = NewRows()
    data: JsonObject = {
        "tool": effect.tool,
        "call_id": effect.call_id,
        "key": effect.key,
        "how": outcome,
        "by": actor,
        "reason": reason,
    }
    add_events(run, [Event(kind="effect.resolved", at=clock.now(), turn=run.turn, data=data)], rows)
    statements.write_group([run], rows)
    tell_after_commit(rows.events)


def _note(effect: Effect, *, outcome: Word, actor: str, reason: str) -> None:
    actions.note(
        actor=actor,
        verb="effect.resolve",
        target=f"{effect.tool} of run {effect.run.short}",
        tenant=effect.run.tenant,
        run_id=effect.run_id,
        reason=plain(reason),
        before={"state": "unknown"},
        after={"state": "resolved", "outcome": outcome, "key": effect.key},
    )
