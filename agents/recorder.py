"""The hot path's only writer: whoever comes first commits for all that wait; rows first, then the bell."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from django.db import (
    DEFAULT_DB_ALIAS,
    DatabaseError,
    Error,
    InterfaceError,
    OperationalError,
    connection,
    connections,
)
from django.db.backends.base.base import BaseDatabaseWrapper

from agents.contracts.endings import Ending
from agents.contracts.events import Event
from agents.engine.batch import Batch, Receipt
from agents.engine.ports import LostLease
from agents.journal import statements
from agents.journal.decide import Claim, apply_batch, apply_ending, check_lease
from agents.journal.doubt import stands
from agents.journal.left_open import NOT_RECORDED, note_unknown
from agents.journal.rows import LockedRun, NewRows, StartedEffect
from agents.outage import LOOK_AGAIN_SECONDS, PATIENCE_SECONDS
from budgets import clock
from budgets.hot_line import CommitInDoubt, Line, line_on, one_transaction, using
from budgets.hot_sql import plan_as_usual, plan_for_few_rows
from budgets.ledger import Books

logger = logging.getLogger(__name__)
LARGEST_GROUP = 128

Bell = Callable[[Sequence[tuple[str, int, int]]], None]
"""Told of run id, tenant id and head after each commit; it must not block."""
EventLog = Callable[[Sequence[tuple[str, int, Event]]], None]
"""Told of run id, sequence number and event of all that a commit has written."""


@dataclass(slots=True)
class Entry:
    """One run's batch or ending, and what became of it; its thread waits at the gate."""

    claim: Claim
    batch: Batch | None = None
    ending: Ending | None = None
    events: list[Event] = field(default_factory=list)
    outcome: Receipt | Exception | None = None
    gate: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.gate.acquire()


class Recorder:
    """Groups the batches of many runs into one transaction; each stands or falls alone.

    There is no thread for it. A run that finds nobody writing writes, for itself and for all that came meanwhile,
    and then wakes the next. With one run nothing is handed from thread to thread, which costs more than the rows.
    """

    def __init__(self, ring: Bell, log: EventLog | None = None) -> None:
        self._ring = ring
        self._log = log
        self._mutex = threading.Lock()
        self._waiting: deque[Entry] = deque()
        self._someone_writes = False
        self._connection: BaseDatabaseWrapper | None = None
        self._line: Line | None = None

    def stop(self) -> None:
        """Close the connection, as it was before; whoever submits something opens another."""
        if self._connection is None or self._connection.connection is None:
            return
        with suppress(DatabaseError, InterfaceError), self._own_connection():
            plan_as_usual()
        if self._line is not None:
            with suppress(Exception):
                self._line.close()
        self._connection.close()

    def submit(self, entry: Entry) -> Receipt:
        """Come back when this entry is committed. Raises LostLease, or the error that kept it from being written."""
        with self._mutex:
            self._waiting.append(entry)
            writes, self._someone_writes = not self._someone_writes, True
        if not writes:
            entry.gate.acquire()
        if entry.outcome is None:
            self._write_for_all()
        if isinstance(entry.outcome, Receipt):
            return entry.outcome
        raise entry.outcome or AssertionError("an entry left the recorder without an outcome")

    def _write_for_all(self) -> None:
        """Commit what waits, this thread's own entry first, then let the next one write."""
        with self._mutex:
            group = [self._waiting.popleft() for _ in range(min(len(self._waiting), LARGEST_GROUP))]
        try:
            self._commit_patiently(group)
        except Exception as error:  # no connection, say: whoever waits must hear of it, and not write beside another
            logger.warning("the recorder could not write: %s", error)
            for entry in group:
                entry.outcome = entry.outcome or error
        finally:
            for entry in group[1:]:
                entry.gate.release()
            with self._mutex:
                self._someone_writes = bool(self._waiting)
                if self._waiting:
                    self._waiting[0].gate.release()

    def _commit_patiently(self, group: Sequence[Entry]) -> None:
        """Commit until each entry has its outcome. Raises the database's error when it stays away for too long."""
        until = time.monotonic() + PATIENCE_SECONDS
        doubted: Written | None = None
        while waiting := [entry for entry in group if entry.outcome is None]:
            try:
                with self._own_connection():
                    if doubted is not None and stands(doubted.rows):
                        self._answer(doubted)
                    else:
                        self._commit(waiting)
                doubted = None
            except Error as error:  # the connection is gone; whatever else fails is the outcome of an entry
                self.stop()
                if time.monotonic() > until:
                    raise
                logger.warning("the recorder waits for the database: %s", error)
                doubted = error.written if isinstance(error, UnansweredCommit) else doubted
                time.sleep(LOOK_AGAIN_SECONDS)

    @contextmanager
    def _own_connection(self) -> Iterator[None]:
        """The recorder's connection in place of the thread's: hundreds of runs need one, not hundreds."""
        usual = connections[DEFAULT_DB_ALIAS]
        if self._connection is None:
            self._connection = connections.create_connection(DEFAULT_DB_ALIAS)
            self._connection.inc_thread_sharing()
        connections[DEFAULT_DB_ALIAS] = self._connection
        try:
            if self._connection.connection is None:
                self._connection.ensure_connection()
                plan_for_few_rows()
                self._line = line_on(self._connection)
            with using(self._line):
                yield
        finally:
            connections[DEFAULT_DB_ALIAS] = usual

    def _commit(self, entries: Sequence[Entry]) -> None:
        """Commit a group; when that fails, each entry by itself, so that one bad batch harms no other.

        Raises the database's error when the connection is gone: what has no outcome by then is to be tried again.
        """
        before = connection.connection
        try:
            written = write_group(entries)
        except UnansweredCommit:
            raise
        except Exception as error:  # whatever it is, each entry must get its outcome, or its run would wait for ever
            if isinstance(error, Error) and (connection.connection is not before or not connection.is_usable()):
                raise
            if len(entries) == 1:
                entries[0].outcome = error
                return
            logger.warning("a group of %d batches failed (%s); writing each alone", len(entries), error)
            for entry in entries:
                self._commit([entry])
        else:
            self._answer(written)

    def _answer(self, written: "Written") -> None:
        """Tell all whom it concerns that a group stands."""
        for entry, outcome in zip(written.entries, written.outcomes, strict=True):
            entry.outcome = outcome
        self._ring([(run.id, run.tenant_id, run.next_seq - 1) for run in written.runs if run.changed])
        if self._log is not None:
            self._log(written.rows.events)


@dataclass(slots=True)
class Written:
    """A group that was sent to be committed: what each entry is told if it stands, and where its runs are then."""

    entries: Sequence[Entry]
    outcomes: list[Receipt | LostLease]
    runs: list[LockedRun]
    rows: NewRows


class UnansweredCommit(OperationalError):
    """The connection broke while the commit was under way: the group stands as a whole, or not at all."""

    def __init__(self, written: Written) -> None:
        super().__init__("the commit was not answered")
        self.written = written


def write_group(entries: Sequence[Entry]) -> Written:
    """Lock, decide, write and commit, in a constant number of statements for any number of batches.

    Raises UnansweredCommit when nobody knows whether it was committed, and what else the database raises before.
    """
    written: Written | None = None
    try:
        with one_transaction():
            written = _write(entries)
    except CommitInDoubt as error:
        if written is None:
            raise
        raise UnansweredCommit(written) from error
    return written


def _write(entries: Sequence[Entry]) -> Written:
    at = clock.now()
    rows = NewRows()
    asked = statements.ask_runs([entry.claim.run_id for entry in entries])
    asked_books = Books.ask(account_ids=touched_accounts(entries), hold_ids=settled_holds(entries))
    runs, books = statements.locked_runs(asked), Books.answered(asked_books)
    ends = Ends.read([entry for entry in entries if entry.ending])
    books.add_holds([hold_id for _, hold_id in ends.open_holds])
    outcomes = [_apply(entry, runs, books, rows, at, ends) for entry in entries]
    statements.keep_blobs(rows.blobs)
    books.close()  # first: few bytes for much work, which a server does while the trace is encoded
    statements.write_group(runs.values(), rows)
    statements.write_endings(rows)
    return Written(entries, outcomes, list(runs.values()), rows)


@dataclass(frozen=True, slots=True)
class Ends:
    """What must be known of runs that end or wait: what they leave open, and whether their approval was decided."""

    open_holds: list[tuple[str, str]]
    started_effects: list[StartedEffect]
    decided: set[str]

    @classmethod
    def read(cls, entries: Sequence[Entry]) -> Self:
        """Read it once the runs are locked: whoever decides locks the run too."""
        ending = [entry.claim.run_id for entry in entries]
        over = [entry.claim.run_id for entry in entries if entry.ending and entry.ending.terminal]
        asking = [e.claim.run_id for e in entries if e.ending and e.ending.state == "waiting_approval"]
        return cls(
            statements.open_holds(ending) if ending else [],
            statements.started_effects(over) if over else [],
            set(asking) - statements.with_open_approvals(asking) if asking else set(),
        )


def settled_holds(entries: Sequence[Entry]) -> set[str]:
    """The holds that this group closes."""
    return {settlement.hold_id for entry in entries if entry.batch for settlement in entry.batch.settlements}


def touched_accounts(entries: Sequence[Entry]) -> set[int]:
    """The accounts of all runs that hold or settle money in this group."""
    spending = (entry for entry in entries if entry.batch and (entry.batch.hold or entry.batch.settlements))
    return {account_id for entry in spending for account_id in entry.claim.accounts.ids}


def _apply(
    entry: Entry,
    runs: dict[str, LockedRun],
    books: Books,
    rows: NewRows,
    at: datetime,
    ends: Ends,
) -> Receipt | LostLease:
    ending, events = entry.ending, entry.events
    if entry.claim.run_id in ends.decided:
        # Whoever decided before the run came to wait for it found nobody to wake: it queues again by itself.
        ending, events = Ending(state="queued"), []
    try:
        run = check_lease(runs.get(entry.claim.run_id), entry.claim)
        if ending is not None:
            for run_id, hold_id in ends.open_holds:
                if run_id == run.id:  # a hold never outlives its run; the engine closes those whose call had left
                    books.release(hold_id=hold_id, at=at)
            for effect in ends.started_effects:
                if effect.run_id == run.id:
                    note_unknown(run, rows, at, effect, why=NOT_RECORDED)
            apply_ending(run, ending, events, rows, at)
        return apply_batch(run, entry.claim, entry.batch, books, rows, at) if entry.batch else Receipt()
    except LostLease as lost:
        return lost
