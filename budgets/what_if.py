"""What other limits would have done: recorded calls are replayed in time order against hypothetical accounts."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from heapq import heappop, heappush
from operator import attrgetter
from typing import NamedTuple

MINUTE = timedelta(minutes=1)


class Call(NamedTuple):
    """A recorded call, in nano-USD: what was set aside, what it cost, and the least that would have been admitted.

    `closed_at` is None while nobody knows what it costs. `smallest_nanos` is asked only where the whole does not fit.
    """

    hold_id: str
    run_id: str
    step: int
    accounts: tuple[int | None, ...]
    opened_at: datetime
    closed_at: datetime | None
    amount_nanos: int
    settled_nanos: int
    smallest_nanos: Callable[[], int]


@dataclass(frozen=True, slots=True)
class Standing:
    """An account before the first call: what was spent of it, and its limits with the instants they hold from."""

    limits: tuple[tuple[datetime | None, int | None], ...]
    spent_nanos: int = 0

    def limit_at(self, at: datetime) -> int | None:
        """Nano-USD, None without a limit; top-ups are part of it."""
        found: int | None = None
        for since, limit_nanos in self.limits:
            if since is None or since <= at:
                found = limit_nanos
        return found


@dataclass(frozen=True, slots=True)
class Stop:
    """Where a run would have been stopped, by which account, and what of its real cost would not have been spent."""

    run_id: str
    hold_id: str
    step: int
    at: datetime
    account_id: int
    unspent_nanos: int


@dataclass(frozen=True, slots=True)
class Replay:
    """How it would have gone: the first stop of each run, what shorter answers save, and each account's spending."""

    stops: Mapping[str, Stop]
    shortened: int
    shorter_nanos: int
    spent_nanos: Mapping[int, int]

    @property
    def unspent_nanos(self) -> int:
        """All that would not have been spent, in nano-USD."""
        return self.shorter_nanos + sum(stop.unspent_nanos for stop in self.stops.values())


def replay(calls: Iterable[Call], accounts: Mapping[int, Standing]) -> Replay:
    """Admits each call as the ledger would have; a run that is refused drops out with its later calls.

    A call that does not fit whole but fits with a smaller answer goes on with what is left. Other accounts than
    these had room, and are not asked again.
    """
    history = _History(accounts)
    for call in sorted(calls, key=attrgetter("opened_at", "hold_id")):
        history.admit(call)
    history.close_until(None)
    return Replay(history.stops, history.shortened, history.shorter_nanos, history.spent)


@dataclass(slots=True)
class _Unspent:
    """What the calls of a stopped run really cost, added up as they come by."""

    stop: Stop
    nanos: int = 0


class _History:
    def __init__(self, accounts: Mapping[int, Standing]) -> None:
        self._accounts = accounts
        self.spent = {account_id: standing.spent_nanos for account_id, standing in accounts.items()}
        self._held = dict.fromkeys(accounts, 0)
        self._open: list[tuple[datetime, str, Call, int]] = []
        self._dropped: dict[str, _Unspent] = {}
        self.shortened = 0
        self.shorter_nanos = 0

    @property
    def stops(self) -> dict[str, Stop]:
        return {run_id: replace(each.stop, unspent_nanos=each.nanos) for run_id, each in self._dropped.items()}

    def admit(self, call: Call) -> None:
        if (dropped := self._dropped.get(call.run_id)) is not None:
            dropped.nanos += call.settled_nanos
            return
        self.close_until(call.opened_at)
        left_nanos, account_id = self._least_left(call)
        if left_nanos is None or call.amount_nanos <= left_nanos:
            self._hold(call, call.amount_nanos)
        elif account_id is not None and call.smallest_nanos() > left_nanos:
            stop = Stop(call.run_id, call.hold_id, call.step, call.opened_at, account_id, 0)
            self._dropped[call.run_id] = _Unspent(stop, call.settled_nanos)
        else:
            self.shortened += call.settled_nanos > left_nanos
            self._hold(call, left_nanos)

    def close_until(self, at: datetime | None) -> None:
        """Settles what was closed by then; at the same instant a call closes before another opens."""
        while self._open and (at is None or self._open[0][0] <= at):
            _, _, call, held_nanos = heappop(self._open)
            cost_nanos = self._cost(call, held_nanos)
            for account_id in call.accounts:
                if account_id is not None and account_id in self._held:
                    self._held[account_id] -= held_nanos
                    self.spent[account_id] += cost_nanos

    def _least_left(self, call: Call) -> tuple[int | None, int | None]:
        """The least that is left on the call's accounts, and on which one; None without any limit."""
        least: int | None = None
        binding: int | None = None
        for account_id in call.accounts:
            if account_id is None or account_id not in self._accounts:
                continue
            limit_nanos = self._accounts[account_id].limit_at(call.opened_at)
            if limit_nanos is None:
                continue
            left_nanos = limit_nanos - self.spent[account_id] - self._held[account_id]
            if least is None or left_nanos < least:
                least, binding = left_nanos, account_id
        return least, binding

    def _hold(self, call: Call, nanos: int) -> None:
        self.shorter_nanos += call.settled_nanos - self._cost(call, nanos)
        for account_id in call.accounts:
            if account_id is not None and account_id in self._held:
                self._held[account_id] += nanos
        if call.closed_at is not None:
            heappush(self._open, (call.closed_at, call.hold_id, call, nanos))

    def _cost(self, call: Call, held_nanos: int) -> int:
        """What a call costs that may not cost more than this; what a vendor overbilled stays overbilled."""
        return call.settled_nanos if held_nanos == call.amount_nanos else min(call.settled_nanos, held_nanos)


@dataclass(frozen=True, slots=True)
class Launch:
    """A run from its launch until it ended (None: not yet)."""

    run_id: str
    at: datetime
    ended_at: datetime | None


@dataclass(slots=True)
class _Door:
    parallel_runs: int | None
    launches_per_minute: int | None
    recent: deque[datetime] = field(default_factory=deque)
    ends: list[datetime] = field(default_factory=list)
    unending: int = 0

    def lets_in(self, launch: Launch) -> bool:
        while self.recent and self.recent[0] <= launch.at - MINUTE:
            self.recent.popleft()
        while self.ends and self.ends[0] <= launch.at:
            heappop(self.ends)
        if self.parallel_runs is not None and len(self.ends) + self.unending >= self.parallel_runs:
            return False
        if self.launches_per_minute is not None and len(self.recent) >= self.launches_per_minute:
            return False
        self.recent.append(launch.at)
        if launch.ended_at is None:
            self.unending += 1
        else:
            heappush(self.ends, launch.ended_at)
        return True


def refused_launches(
    launches: Sequence[Launch], *, parallel_runs: int | None, launches_per_minute: int | None
) -> list[str]:
    """Ids of the runs that would not have started; None for a limit that is not set. A run counts until it ends."""
    door = _Door(parallel_runs, launches_per_minute)
    return [launch.run_id for launch in sorted(launches, key=attrgetter("at", "run_id")) if not door.lets_in(launch)]
