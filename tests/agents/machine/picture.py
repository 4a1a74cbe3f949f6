"""All that the truths are about, read from the rows at one moment."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Self

from agents.models import Approval, Effect, EventRow, Run, StepRow
from budgets.ledger import Mismatch, Overshoot, verify
from budgets.models import Account, Hold


@dataclass(frozen=True, slots=True)
class Money:
    """An account, in nano-USD; `limit_nanos` includes top-ups."""

    limit_nanos: int | None
    spent_nanos: int
    held_nanos: int
    topped_up_nanos: int

    @property
    def total_nanos(self) -> int:
        """What the limit has to cover."""
        return self.spent_nanos + self.held_nanos

    def has_room(self, nanos: int) -> bool:
        """Whether so much more may be held."""
        return self.limit_nanos is None or self.total_nanos + nanos <= self.limit_nanos


@dataclass(frozen=True, slots=True)
class Held:
    """A hold and the accounts that it counts against."""

    run_id: str
    state: str
    amount_nanos: int
    settled_nanos: int
    accounts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A run."""

    state: str
    epoch: int
    next_seq: int
    attempts: int
    killed: bool
    paused: bool
    cost_nanos: int
    steps_count: int


@dataclass(frozen=True, slots=True)
class Made:
    """An effect."""

    scope: str
    key: str
    run_id: str
    tool: str
    state: str
    epoch: int


@dataclass(frozen=True)
class Picture:
    """The rows of a moment; two are equal when nothing was written between them."""

    runs: dict[str, Row]
    accounts: dict[int, Money]
    holds: dict[str, Held]
    events: dict[str, list[tuple[int, str, int]]]
    effects: frozenset[Made]
    approvals: frozenset[tuple[object, ...]]
    steps: frozenset[tuple[object, ...]]
    mismatch: Mismatch | Overshoot | None

    @classmethod
    def taken(cls) -> Self:
        """Read it."""
        return cls(
            {run.id: _row(run) for run in Run.objects.all()},
            {account.pk: _money(account) for account in Account.objects.all()},
            {hold.id: _held(hold) for hold in Hold.objects.all()},
            _events(),
            frozenset(map(_made, Effect.objects.all())),
            frozenset(Approval.objects.values_list("run_id", "call_id", "decision", "decided_by")),
            frozenset(StepRow.objects.values_list("run_id", "number", "kind")),
            verify(),
        )

    def kinds(self, run_id: str) -> list[str]:
        """The kinds of a run's events, in order."""
        return [kind for _, kind, _ in self.events.get(run_id, [])]


def _row(run: Run) -> Row:
    flags = run.kill_requested_at is not None, run.pause_requested_at is not None
    return Row(run.state, run.epoch, run.next_seq, run.attempts, *flags, run.cost_nanos, run.steps_count)


def _money(account: Account) -> Money:
    limit_nanos = None if account.limit_nanos is None else account.limit_nanos + account.topped_up_nanos
    return Money(limit_nanos, account.spent_nanos, account.held_nanos, account.topped_up_nanos)


def _held(hold: Hold) -> Held:
    return Held(hold.run_id, hold.state, hold.amount_nanos, hold.settled_nanos or 0, hold.account_ids())


def _made(effect: Effect) -> Made:
    return Made(effect.scope, effect.key, effect.run_id, effect.tool, effect.state, effect.epoch)


def _events() -> dict[str, list[tuple[int, str, int]]]:
    """Number, kind, and the epoch of a claim."""
    found = defaultdict(list)
    for row in EventRow.objects.order_by("run_id", "seq"):
        epoch = row.data.get("epoch", 0) if row.kind == "run.claimed" else 0
        found[row.run_id].append((row.seq, row.kind, int(epoch)))
    return dict(found)
