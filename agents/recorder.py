"""The hot path's only writer: one thread a process commits together what waits together; rows, then the bell."""

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from queue import Empty, SimpleQueue

from django.db import InterfaceError, connection, transaction

from agents.contracts.endings import Ending
from agents.contracts.events import Event
from agents.engine.batch import Batch, Receipt
from agents.engine.ports import LostLease
from agents.journal import statements
from agents.journal.decide import Claim, apply_batch, apply_ending, check_lease
from agents.journal.rows import LockedRun, NewRows
from budgets.hot_sql import writing_together
from budgets.ledger import Books

logger = logging.getLogger(__name__)
LARGEST_GROUP = 128
STOP_AFTER_SECONDS = 10.0

Bell = Callable[[Sequence[tuple[str, int, int]]], None]
"""Told of run id, tenant id and head after each commit; it must not block."""


@dataclass(slots=True)
class Entry:
    """One run's batch or ending, waiting for its commit."""

    claim: Claim
    batch: Batch | None = None
    ending: Ending | None = None
    events: list[Event] = field(default_factory=list)
    done: Future[Receipt] = field(default_factory=Future)


class Recorder:
    """Groups the batches of many runs into one transaction; each stands or falls alone."""

    def __init__(self, ring: Bell) -> None:
        self._ring = ring
        self._queue: SimpleQueue[Entry | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="recorder", daemon=True)

    def start(self) -> None:
        """Begin writing."""
        self._thread.start()

    def stop(self) -> None:
        """Write what is queued, then end."""
        self._queue.put(None)
        self._thread.join(STOP_AFTER_SECONDS)

    def submit(self, entry: Entry) -> Receipt:
        """Wait for this entry's commit. Raises LostLease, or the database's error when it could not be written."""
        self._queue.put(entry)
        return entry.done.result()

    def _work(self) -> None:
        stopping = False
        while not stopping:
            group = self._next_group()
            stopping = group[-1] is None
            entries = [entry for entry in group if entry is not None]
            if entries:
                self._commit(entries)
        connection.close()

    def _next_group(self) -> list[Entry | None]:
        """Wait for one, then take what else waits already."""
        group = [self._queue.get()]
        while group[-1] is not None and len(group) < LARGEST_GROUP:
            try:
                group.append(self._queue.get_nowait())
            except Empty:
                break
        return group

    def _commit(self, entries: list[Entry]) -> None:
        """Commit a group; when that fails, each entry by itself, so that one bad batch harms no other."""
        try:
            self._settle_futures(entries, write_group(entries))
        except Exception as error:  # whatever it is: were this thread to end, every run here would wait for ever
            if isinstance(error, InterfaceError) or not connection.is_usable():
                connection.close()
            if len(entries) == 1:
                entries[0].done.set_exception(error)
                return
            logger.warning("a group of %d batches failed (%s); writing each alone", len(entries), error)
            for entry in entries:
                self._commit([entry])

    def _settle_futures(self, entries: list[Entry], written: "Written") -> None:
        self._ring([(run.id, run.tenant_id, run.next_seq - 1) for run in written.runs if run.changed])
        for entry, outcome in zip(entries, written.outcomes, strict=True):
            if isinstance(outcome, LostLease):
                entry.done.set_exception(outcome)
            else:
                entry.done.set_result(outcome)


@dataclass(slots=True)
class Written:
    """A committed group: what each entry is told, and where its runs stand now."""

    outcomes: list[Receipt | LostLease]
    runs: list[LockedRun]


def write_group(entries: Sequence[Entry]) -> Written:
    """Lock, decide, write and commit, in a constant number of statements for any number of batches."""
    at = datetime.now(UTC)
    rows = NewRows()
    with transaction.atomic():
        runs = statements.lock_runs([entry.claim.run_id for entry in entries])
        ending = [entry.claim.run_id for entry in entries if entry.ending]
        left_open = statements.open_holds(ending) if ending else []
        asking = [e.claim.run_id for e in entries if e.ending and e.ending.state == "waiting_approval"]
        decided = set(asking) - statements.with_open_approvals(asking) if asking else set()
        books = Books.open(
            account_ids={i for entry in entries if entry.batch and entry.batch.hold for i in entry.claim.accounts.ids},
            hold_ids={s.hold_id for e in entries if e.batch for s in e.batch.settlements} | {h for _, h in left_open},
        )
        outcomes = [_apply(already_decided(entry, decided), runs, books, rows, at, left_open) for entry in entries]
        statements.keep_blobs(rows.blobs)
        with writing_together():
            statements.write_group(runs.values(), rows)
            books.close()
        statements.write_endings(rows)
    return Written(outcomes, list(runs.values()))


def already_decided(entry: Entry, decided: set[str]) -> Entry:
    """Whoever decided before the run came to wait for it found nobody to wake: the run queues again by itself."""
    if entry.claim.run_id not in decided:
        return entry
    return replace(entry, ending=Ending(state="queued"), events=[])


def _apply(
    entry: Entry,
    runs: dict[str, LockedRun],
    books: Books,
    rows: NewRows,
    at: datetime,
    left_open: list[tuple[str, str]],
) -> Receipt | LostLease:
    try:
        run = check_lease(runs.get(entry.claim.run_id), entry.claim)
        if entry.ending is not None:
            for run_id, hold_id in left_open:
                if run_id == run.id:  # a hold never outlives its run; the engine closes those whose call had left
                    books.release(hold_id=hold_id, at=at)
            apply_ending(run, entry.ending, entry.events, rows, at)
        return apply_batch(run, entry.claim, entry.batch, books, rows, at) if entry.batch else Receipt()
    except LostLease as lost:
        return lost
