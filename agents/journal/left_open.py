"""What a dead worker had sent may have been billed and may have happened: holds are charged, effects are unknown."""

from collections.abc import Collection
from datetime import datetime

from agents.contracts.base import JsonObject
from agents.contracts.events import Event
from agents.journal import statements
from agents.journal.decide import add_events
from agents.journal.rows import LockedRun, NewRows, StartedEffect
from agents.models import AgentVersion, EventRow
from budgets.ledger import reconcile
from budgets.models import Hold

NOBODY_HEARD = "its worker died before the answer was recorded"
WORKER_DIED, NOT_RECORDED = "worker_died", "not_recorded"


def charge_left_open(run: LockedRun, rows: NewRows, at: datetime) -> None:
    """Close what a locked run has left open, in the caller's transaction; usage is unknown and stays 0."""
    holds = {hold.id: hold for hold in Hold.objects.of_run(run.id).open()}
    if not holds:
        return
    placed = {e.data.get("hold"): e for e in EventRow.objects.filter(run_id=run.id, kind="hold.placed")}
    for hold_id in reconcile(run_id=run.id, at=at, sent=list(holds)).charged:
        hold = holds[hold_id]
        run.cost_nanos += hold.amount_nanos
        add_events(run, closing_events(hold, placed.get(hold_id), run.cost_nanos, at), rows)


def leave_unknown(runs: Collection[LockedRun], rows: NewRows, at: datetime, *, goes_on: bool) -> None:
    """Say of locked runs' started effects that nobody knows whether they happened, in the caller's transaction.

    Call it wherever runs end or are taken from their worker, before their last event is added. Of runs that go on,
    what a keyed tool had sent is left as it is: the next worker sends it once more under the same key.
    """
    by_id = {run.id: run for run in runs}
    for effect in statements.started_effects(by_id) if by_id else ():
        if not (goes_on and effect.tool in _keyed_tools(effect.run_id)):
            note_unknown(by_id[effect.run_id], rows, at, effect, why=WORKER_DIED)


def note_unknown(run: LockedRun, rows: NewRows, at: datetime, effect: StartedEffect, *, why: str) -> None:
    """The row and the event of one effect of which nobody knows whether it happened."""
    rows.effects_unknown.append((run.id, effect.key, at))
    data: JsonObject = {"tool": effect.tool, "call_id": effect.call_id, "key": effect.key, "why": why}
    add_events(run, [Event(kind="effect.unknown", at=at, turn=run.turn, data=data)], rows)


def _keyed_tools(run_id: str) -> set[str]:
    spec = AgentVersion.objects.get(runs=run_id).to_spec()
    return {tool.name for tool in spec.tools if tool.effect == "keyed"}


def closing_events(hold: Hold, placed: EventRow | None, run_cost_nanos: int, at: datetime) -> list[Event]:
    """The end of the call that a hold was made for, and its charge; the charge alone for one without a place."""
    asked: JsonObject = {"llm": hold.llm, "asked": hold.llm}
    ended: JsonObject = {**asked, "status": "failed", "error": "worker_died", "detail": NOBODY_HEARD}
    is_fee = hold.llm.startswith("tool:")  # the tool call itself is an effect, whose outcome is another question
    price = hold.price if isinstance(hold.price, dict) else {}
    charge: JsonObject = {
        "hold": hold.id,
        "llm": hold.llm,
        "cost_nanos": hold.amount_nanos,
        "run_cost_nanos": run_cost_nanos,
        "held_nanos": hold.amount_nanos,
        "price_source": str(price.get("source", "")),
        "price_version": str(price.get("version", "")),
        "unreconciled": True,
        "over_ceiling": False,
    }
    if placed is None:
        return [Event(kind="charge.booked", at=at, data=charge)]
    span = {"at": at, "turn": placed.turn, "span_id": placed.span_id, "parent_span_id": placed.parent_span_id}
    took = max(0, int((at - placed.at).total_seconds() * 1000))
    booked = Event.model_validate({"kind": "charge.booked", "data": charge, **span})
    if is_fee:
        return [booked]
    return [Event.model_validate({"kind": "model.ended", "data": ended, "duration_ms": took, **span}), booked]
