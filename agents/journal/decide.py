"""What becomes of a batch, decided in memory on locked rows: facts stand, intents need leave."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from agents.contracts.base import JsonObject
from agents.contracts.endings import HOLDING_A_WORKER, Ending
from agents.contracts.events import Event
from agents.engine.batch import Batch, HoldRequest, Receipt
from agents.engine.ports import LostLease
from agents.journal import severity
from agents.journal.rows import LockedRun, NewRows
from budgets.ledger import AccountSet, Books
from budgets.tiers import Refusal

Ender = Literal["worker", "sweeper", "kill", "force"]
"""Who ends a killed run: its worker; the sweeper, once the lease is over; the kill itself, where no worker held it;
an operator by force. Only a worker acknowledges."""
STRETCH_ENDS = ("run.ended", "run.paused", "run.handed_on")


@dataclass(frozen=True, slots=True)
class Claim:
    """Who writes: a run and the epoch under which its worker holds it, with the accounts it spends from."""

    run_id: str
    epoch: int
    accounts: AccountSet


def check_lease(run: LockedRun | None, claim: Claim) -> LockedRun:
    """The fence. Raises LostLease when the run is gone, ended, handed back, or held under another epoch."""
    if run is None or run.epoch != claim.epoch or run.state not in HOLDING_A_WORKER:
        raise LostLease(claim.run_id)
    return run


def apply_batch(run: LockedRun, claim: Claim, batch: Batch, books: Books, rows: NewRows, at: datetime) -> Receipt:
    """Turn one batch into rows and book its money; what was refused is an event too."""
    run.changed = True
    run.turn = max(run.turn, batch.turn)
    run.doing = batch.doing or run.doing
    rows.blobs += batch.blobs
    _settle(run, batch, books, at)
    add_events(run, batch.facts, rows)
    for step in batch.steps:
        run.steps_count = step.number
        run.attempts = min(run.attempts, 1)  # this holder's own: what counts is who died at the same step
        rows.steps.append((run.id, step, at))
    rows.effects_ended += [(run.id, effect, at) for effect in batch.effects_ended]
    acknowledge_kill(run, rows, at)
    if run.kill_requested_at is not None:
        return Receipt(kill_requested_at=run.kill_requested_at)
    if run.pause_requested_at is not None:
        return Receipt(paused=True)
    refusal = _reserve(run, claim, batch.hold, books, at) if batch.hold else None
    if refusal is not None:
        add_events(run, [refused(refusal, batch, at)], rows)
        return Receipt(refusal=refusal)
    add_events(run, batch.intents, rows)
    rows.effects_started += [(run, effect, at) for effect in batch.effects_started]
    rows.approvals += [(run.id, asked, at) for asked in batch.approvals]
    return Receipt()


def apply_ending(
    run: LockedRun, ending: Ending, events: list[Event], rows: NewRows, at: datetime, *, by: Ender = "worker"
) -> Ending:
    """Leave the run in its new state; a kill that was committed before wins over any other ending.

    Raises LostLease when the run was cut though nobody killed it: its worker gave up, another one goes on.
    """
    if ending.state == "killed" and run.kill_requested_at is None:
        raise LostLease(run.id)
    if by == "worker":
        acknowledge_kill(run, rows, at)
    final = ending
    if run.kill_requested_at is not None:
        final = killed(run, answer=ending.answer)
        events = [event for event in events if event.kind not in STRETCH_ENDS]
        data: JsonObject = {
            "state": "killed",
            "reason": final.reason,
            "answer": final.answer,
            "missing": [],
            "by": by,
        }
        events.append(Event(kind="run.ended", at=at, turn=run.turn, data=data))
    add_events(run, events, rows)
    run.changed = True
    if final.state != "dead":  # handed back in good order: the claim is not one that a worker died of
        run.attempts = max(0, run.attempts - 1)
    run.state = final.state
    rows.endings.append((run.id, run.epoch, final, at))
    return final


def killed(run: LockedRun, *, answer: str) -> Ending:
    """The ending of a killed run, with who and why."""
    why = f": {run.kill_reason}" if run.kill_reason else "."
    return Ending(state="killed", reason=f"Killed by {run.kill_requested_by}{why}", answer=answer)


def add_events(run: LockedRun, events: Iterable[Event], rows: NewRows) -> None:
    """Number events on, without a hole, and let the run be as bad as its worst."""
    for event in events:
        rows.events.append((run.id, run.next_seq, event))
        run.next_seq += 1
        worst = severity.of_event(event)
        run.severity = max(run.severity, worst)
        run.errors_count += worst == severity.BAD
        run.changed = True


def acknowledge_kill(run: LockedRun, rows: NewRows, at: datetime) -> None:
    """Say once that the worker has heard of the kill, and how long after the click."""
    if run.kill_requested_at is None or run.kill_acknowledged_at is not None:
        return
    run.kill_acknowledged_at = at
    after_ms = max(0, int((at - run.kill_requested_at).total_seconds() * 1000))
    add_events(run, [Event(kind="kill.acknowledged", at=at, turn=run.turn, data={"after_ms": after_ms})], rows)


def refused(refusal: Refusal, batch: Batch, at: datetime) -> Event:
    """The event of a hold that did not fit."""
    data: JsonObject = {
        "account_id": refusal.account_id,
        "scope": refusal.scope,
        "limit_nanos": refusal.limit_nanos,
        "spent_nanos": refusal.spent_nanos,
        "held_nanos": refusal.held_nanos,
        "asked_nanos": refusal.asked_nanos,
        "resets_at": refusal.resets_at.isoformat() if refusal.resets_at else None,
        "text": refusal.text,
    }
    return Event(kind="hold.refused", at=at, turn=batch.turn, data=data)


def _settle(run: LockedRun, batch: Batch, books: Books, at: datetime) -> None:
    for settlement in batch.settlements:
        if settlement.released:
            books.release(hold_id=settlement.hold_id, at=at)
            continue
        booked = books.settle(
            hold_id=settlement.hold_id,
            cost_nanos=settlement.cost_nanos,
            usage=settlement.usage,
            vendor_usage=settlement.vendor_usage,
            price=settlement.price,
            unreconciled=settlement.unreconciled,
            at=at,
        ).booked
        if booked:
            run.cost_nanos += settlement.cost_nanos
            run.input_tokens += settlement.usage.input_tokens
            run.output_tokens += settlement.usage.output_tokens


def _reserve(run: LockedRun, claim: Claim, hold: HoldRequest, books: Books, at: datetime) -> Refusal | None:
    return books.reserve(
        hold_id=hold.hold_id,
        accounts=claim.accounts,
        amount_nanos=hold.amount_nanos,
        tenant_id=run.tenant_id,
        run_id=run.id,
        step=hold.step,
        llm=hold.llm,
        price=hold.price,
        at=at,
        input_tokens=hold.input_tokens,
        max_output_tokens=hold.max_output_tokens,
    )
