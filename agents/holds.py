"""Holds that no call will close any more: the sweeper charges orphans, a person decides on what a dead worker left."""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef
from django.db.models.functions import Now

from agents import bell
from agents.contracts.base import JsonObject
from agents.contracts.endings import HOLDING_A_WORKER, TERMINAL
from agents.contracts.events import Event
from agents.event_log import tell_after_commit
from agents.journal import statements
from agents.journal.decide import add_events
from agents.journal.gate import plain
from agents.journal.left_open import closing_events, leave_unknown
from agents.journal.rows import LockedRun, NewRows
from agents.models import EventRow, Run
from budgets import actions, clock
from budgets.ledger import Books, LedgerError
from budgets.models import Hold
from budgets.money import format_usd

logger = logging.getLogger(__name__)
MOST_PER_SWEEP = 500
SWEEPER = "the sweeper"
LONGEST_CALL = timedelta(minutes=10)
"""Three attempts of two minutes and the waits between them, with room: an older hold is worth a look."""
SILENT_FOR = timedelta(seconds=60)
"""A lease that ran out this long ago has found no worker to take the run over."""


class HoldRefused(Exception):
    """The hold stays as it is; the message is a sentence for people."""


def release(*, hold: Hold, actor: str, reason: str) -> bool:
    """Give the money of an open hold back: its call was not billed, says the actor. False when it was closed before.

    Raises HoldRefused while a worker is at work on its run. A worker that was thought dead and comes back finds
    that it has lost the run.
    """
    said = f"{actor} released the hold of {format_usd(hold.amount_nanos)} for {hold.llm}: {reason}"
    return _close(hold, charge=False, actor=actor, said=said, at=clock.now(), reason=reason)


def charge_in_full(*, hold: Hold, actor: str, reason: str) -> bool:
    """Book an open hold as spent, since its call may have been billed; as `release` otherwise."""
    said = f"{actor} charged the hold of {format_usd(hold.amount_nanos)} for {hold.llm} in full: {reason}"
    return _close(hold, charge=True, actor=actor, said=said, at=clock.now(), reason=reason)


def resolve_orphans(at: datetime) -> int:
    """Charge in full what runs that have ended or are gone left on hold; returns how many holds that were.

    Nobody knows whether these calls were billed, so the money is not given back. One hold that cannot be closed
    keeps no other from it.
    """
    going = Run.objects.filter(pk=OuterRef("run_id")).exclude(state__in=TERMINAL)
    orphans = list(Hold.objects.open().filter(~Exists(going)).order_by("opened_at")[:MOST_PER_SWEEP])
    return sum(_resolve(hold, at) for hold in orphans)


def _resolve(hold: Hold, at: datetime) -> bool:
    said = f"Its run was over: the hold of {format_usd(hold.amount_nanos)} for {hold.llm} was charged in full."
    try:
        charged = _close(hold, charge=True, actor=SWEEPER, said=said, at=at)
    except LedgerError:
        logger.exception("hold %s of run %s cannot be closed", hold.pk, hold.run_id)
        return False
    if charged:
        logger.warning("hold %s outlived run %s and was charged in full", hold.pk, hold.run_id)
    return charged


def _close(hold: Hold, *, charge: bool, actor: str, said: str, at: datetime, reason: str = "") -> bool:
    rows = NewRows()
    with transaction.atomic():
        run = statements.lock_runs([hold.run_id]).get(hold.run_id)  # before its accounts, as everybody does
        if run is not None and run.state not in TERMINAL:
            _fence(run)
            leave_unknown([run], rows, at, goes_on=True)
        books = Books.open(account_ids=(), hold_ids=[hold.pk])
        closed = (
            books.settle_in_full(hold_id=hold.pk, at=at).booked if charge else books.release(hold_id=hold.pk, at=at)
        )
        books.close()
        if closed and run is not None:
            _tell(run, hold, charge=charge, actor=actor, said=said, at=at, rows=rows)
        if run is not None:
            statements.write_group([run], rows)
            tell_after_commit(rows.events)
        if closed and actor != SWEEPER:
            _note(hold, actor, charge=charge, reason=reason)
    if closed and run is not None:
        bell.ring_head(run.id, run.tenant_id, run.next_seq - 1)
    return closed


def _note(hold: Hold, actor: str, *, charge: bool, reason: str) -> None:
    actions.note(
        actor=actor,
        verb="hold.charge" if charge else "hold.release",
        target=f"hold of {format_usd(hold.amount_nanos)} for {hold.llm}",
        tenant=hold.tenant,
        run_id=hold.run_id,
        reason=plain(reason),
        before={"state": "open"},
        after={"state": "settled" if charge else "released"},
    )


def _fence(run: LockedRun) -> None:
    """Nobody writes under the epoch that made the hold, once it is known that its worker is gone."""
    held = Run.objects.filter(pk=run.id, state__in=HOLDING_A_WORKER, lease_expires_at__gte=Now())
    if held.exists():
        raise HoldRefused("A worker is at work on this run: the hold closes with its call.")
    Run.objects.filter(pk=run.id).update(epoch=F("epoch") + 1)
    run.epoch += 1


def _tell(run: LockedRun, hold: Hold, *, charge: bool, actor: str, said: str, at: datetime, rows: NewRows) -> None:
    placed = next((e for e in EventRow.objects.filter(run_id=run.id, kind="hold.placed", data__hold=hold.pk)), None)
    note = Event(kind="note.added", at=at, turn=run.turn, data={"text": plain(said), "by": actor, "hold": hold.pk})
    if charge:
        run.cost_nanos += hold.amount_nanos
        events = closing_events(hold, placed, run.cost_nanos, at)
        if run.state in TERMINAL:  # its spans have ended with it
            events = [event for event in events if event.kind == "charge.booked"]
    else:
        events = [_released(hold, placed, actor, at)]
    add_events(run, [*events, note], rows)


def _released(hold: Hold, placed: EventRow | None, actor: str, at: datetime) -> Event:
    data: JsonObject = {"hold": hold.pk, "amount_nanos": hold.amount_nanos, "by": actor}
    if placed is None:
        return Event(kind="hold.released", at=at, data=data)
    place = {"turn": placed.turn, "span_id": placed.span_id, "parent_span_id": placed.parent_span_id}
    return Event.model_validate({"kind": "hold.released", "at": at, "data": data, **place})
