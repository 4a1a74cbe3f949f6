"""Stopping runs: one, many by one order, or by force where the worker is deaf. Committed first, then rung."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, QuerySet

from agents import bell
from agents.contracts.base import JsonObject
from agents.contracts.endings import TERMINAL, Ending
from agents.contracts.events import Event
from agents.event_log import tell_after_commit
from agents.journal import statements
from agents.journal.decide import add_events, apply_ending
from agents.journal.gate import plain
from agents.journal.left_open import charge_left_open, leave_unknown
from agents.journal.rows import LockedRun, NewRows
from agents.models import KillOrder, Run
from budgets import actions, clock
from budgets.models import Tenant

MOST_AT_ONCE = 500
"""Runs in one transaction: more would keep the steps of other runs waiting for their locks."""
LONGEST_SCOPE = 300
DEAF_AFTER = timedelta(seconds=5)
"""A worker looks every two seconds; one that has not stopped by then does not hear."""


@dataclass(frozen=True, slots=True)
class Said:
    """Who stops runs, why, and by which order; None when it is about one run alone."""

    actor: str
    reason: str
    order: KillOrder | None = None


@dataclass(frozen=True, slots=True)
class Stopped:
    """Runs whose stop is written: all of them, and those that a worker has still to let go of."""

    runs: tuple[LockedRun, ...]
    held: tuple[str, ...]

    def tell(self) -> None:
        """Ring for them, in one message; to be called after the commit."""
        if self.runs:
            bell.ring_kills(self.held, [(run.id, run.tenant_id, run.next_seq - 1) for run in self.runs])


def kill(*, run: Run, actor: str, reason: str) -> bool:
    """Stop a run. False when it had ended or been killed before. No step of it starts after this commits.

    A run that no worker holds ends here; one that is being worked on is cut by its worker, which acknowledges.
    """
    with transaction.atomic():
        stopped = stop([run.id], Said(actor, plain(reason)))
        if not stopped.runs:
            return False
        _note(run, "run.kill", actor, reason)
    stopped.tell()
    return True


def kill_all(*, runs: QuerySet[Run], scope: str, actor: str, reason: str, tenant: Tenant | None) -> KillOrder:
    """Stop all of these runs that are live, by one order, which says how many that were.

    ``runs`` is not sliced; ``scope`` says in words which ones were meant, and ``tenant`` is None when they are of
    several. Of more runs than ``MOST_AT_ONCE`` the later ones are stopped by further commits, in the order of ids.
    """
    run_ids = live_ids(runs)
    with transaction.atomic():
        order = give_order(scope=scope, actor=actor, reason=reason, tenant=tenant)
        actions.note(
            actor=actor,
            verb="runs.kill",
            target=scope,
            tenant=tenant,
            reason=order.reason,
            after={"order": order.pk, "runs": len(run_ids)},
        )
        stopped = carry_out(order, run_ids[:MOST_AT_ONCE])
    stopped.tell()
    carry_on(order, run_ids[MOST_AT_ONCE:])
    return order


def force(*, run: Run, actor: str, reason: str) -> bool:
    """End a killed run whose worker does not hear; that worker can write nothing any more.

    What it holds is charged in full, and what it had begun to do is unknown. False when the run has ended, was not
    killed, or was killed so lately that its worker may still stop it.
    """
    rows = NewRows()
    with transaction.atomic():
        row = statements.lock_runs([run.id])[run.id]
        at = clock.now()
        if row.state in TERMINAL or row.kill_requested_at is None or at - row.kill_requested_at < DEAF_AFTER:
            return False
        Run.objects.filter(pk=row.id).update(epoch=F("epoch") + 1)
        row.epoch += 1
        said: JsonObject = {"by": actor, "reason": plain(reason), "acknowledged": row.kill_acknowledged_at is not None}
        add_events(row, [Event(kind="kill.forced", at=at, turn=row.turn, data=said)], rows)
        charge_left_open(row, rows, at)
        leave_unknown([row], rows, at, goes_on=False)
        apply_ending(row, Ending(state="killed"), [], rows, at, by="force")
        statements.write_group([row], rows)
        statements.write_endings(rows)
        tell_after_commit(rows.events)
        _note(run, "run.force", actor, reason)
    Stopped((row,), (row.id,)).tell()
    return True


def live_ids(runs: QuerySet[Run]) -> list[str]:
    """The ids of those of the runs that a kill would stop now, in order."""
    live = runs.filter(kill_requested_at=None).exclude(state__in=TERMINAL)
    return list(live.order_by("pk").values_list("pk", flat=True))


def give_order(*, scope: str, actor: str, reason: str, tenant: Tenant | None) -> KillOrder:
    """An order that has stopped nothing yet, dated by the database's clock."""
    return KillOrder.objects.create(
        tenant=tenant,
        scope=plain(scope)[:LONGEST_SCOPE],
        actor=actor,
        reason=plain(reason),
        requested_at=clock.now(),
    )


def carry_out(order: KillOrder, run_ids: Collection[str]) -> Stopped:
    """Stop these runs by an order, inside the caller's transaction, which then rings for what is returned."""
    stopped = stop(run_ids, Said(order.actor, order.reason, order))
    count, spent_nanos = len(stopped.runs), sum(run.cost_nanos for run in stopped.runs)
    KillOrder.objects.filter(pk=order.pk).update(
        runs_count=F("runs_count") + count, spent_nanos=F("spent_nanos") + spent_nanos
    )
    order.runs_count += count
    order.spent_nanos += spent_nanos
    return stopped


def carry_on(order: KillOrder, run_ids: list[str]) -> None:
    """Stop the rest of an order's runs, so many in a commit."""
    for start in range(0, len(run_ids), MOST_AT_ONCE):
        with transaction.atomic():
            stopped = carry_out(order, run_ids[start : start + MOST_AT_ONCE])
        stopped.tell()


def stop(run_ids: Collection[str], said: Said) -> Stopped:
    """Write the stop of those of the runs that are live, in a constant number of statements.

    Inside the caller's transaction. The runs are locked in the order of their ids, as everybody does, and the moment
    is taken after that: whatever was committed before it is older.
    """
    locked = statements.lock_runs(run_ids).values()
    rows, at = NewRows(), clock.now()
    live = tuple(run for run in locked if run.state not in TERMINAL and run.kill_requested_at is None)
    held = tuple(run.id for run in live if run.state == "running")
    data: JsonObject = {"by": said.actor, "reason": said.reason, **({"order": said.order.pk} if said.order else {})}
    for run in live:
        run.kill_requested_at, run.kill_requested_by, run.kill_reason = at, said.actor, said.reason
        add_events(run, [Event(kind="kill.requested", at=at, turn=run.turn, data=data)], rows)
    left = [run for run in live if run.state != "running"]
    leave_unknown(left, rows, at, goes_on=False)
    for run in left:
        apply_ending(run, Ending(state="killed"), [], rows, at, by="kill")
    _mark(live, held, said, at)
    statements.write_group(live, rows)
    statements.write_endings(rows)
    tell_after_commit(rows.events)
    return Stopped(live, held)


def _mark(live: Collection[LockedRun], held: Collection[str], said: Said, at: datetime) -> None:
    if live:
        Run.objects.filter(pk__in=[run.id for run in live]).update(
            kill_requested_at=at, kill_requested_by=said.actor, kill_reason=said.reason, kill_order=said.order
        )
    if held:
        Run.objects.filter(pk__in=held).update(state="kill_requested")


def _note(run: Run, verb: str, actor: str, reason: str) -> None:
    actions.note(
        actor=actor,
        verb=verb,
        target=f"run {run.short} of {run.agent_name}",
        tenant=run.tenant,
        run_id=run.id,
        reason=plain(reason),
    )
