"""What an edit of a tier would have done in the last days, from the calls, steps and launches on record."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property

from agents.contracts.llms import priced_name
from agents.models import EventRow, Run
from agents.recorded_calls import (
    accounts_of,
    calls_of,
    changed_scopes,
    first_steps_after_seconds,
    first_steps_after_turn,
    newest_runs,
    standing,
    top_ups_since,
)
from budgets.models import Account, Surface, Tier
from budgets.tier_edits import Change, settings_after
from budgets.tier_settings import limits_of
from budgets.tiers import SCOPES, Limits, Scope
from budgets.what_if import Call, Launch, Replay, Standing, refused_launches, replay

DAYS = 7
MOST_TIMED = 500
"""Runs whose steps are read one by one to see when their time was over."""
MOST_STOPPED = 500
"""Runs that ended at a cap and are asked whether they would have gone on."""


@dataclass(frozen=True, slots=True)
class StoppedRun:
    """A run that would have been stopped: why ("run", "turns", "launch" ...), where, and its money in nano-USD."""

    run: Run
    why: str
    at: datetime
    step: int | None
    hold_id: str
    unspent_nanos: int

    @property
    def spent_nanos(self) -> int:
        """What it had spent by then."""
        return max(0, self.run.cost_nanos - self.unspent_nanos)


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What would have been different since `since`; not `complete` when there is more history than is read."""

    since: datetime
    runs: int
    calls: int
    complete: bool
    stopped: Sequence[StoppedRun] = ()
    further: Sequence[Run] = ()
    shortened: int = 0
    unspent_nanos: int = 0
    bare_surfaces: Sequence[Surface] = field(default_factory=list)

    @property
    def not_launched(self) -> int:
        """How many of the stopped ones would not even have started."""
        return sum(each.step is None for each in self.stopped)


def what_if(*, tier: Tier, change: Change, at: datetime) -> WhatIf:
    """Replays the last seven days of what the tier covers under the edit. Raises `SettingRefused`; writes nothing."""
    return _Question(tier, settings_after(tier, change).stored(), at - timedelta(days=DAYS)).answer()


@dataclass(frozen=True, slots=True)
class _Tiers:
    """All tiers of a tenant, asked for many runs: limits differ by surface, and by user where one has a tier."""

    tiers: Sequence[Tier]
    users: frozenset[str]
    known: dict[tuple[int | None, str], Limits] = field(default_factory=dict)

    def limits(self, surface_id: int | None, user: str) -> Limits:
        key = surface_id, user if user in self.users else ""
        if key not in self.known:
            covering = (t for t in self.tiers if t.surface_id in (None, key[0]) and t.user in ("", key[1]))
            self.known[key] = limits_of(covering)
        return self.known[key]


class _Question:
    def __init__(self, tier: Tier, settings: dict[str, object], since: datetime) -> None:
        self.tier, self.settings, self.since = tier, settings, since
        before = list(Tier.objects.for_tenant(tier.tenant))
        edited = Tier(tenant=tier.tenant, surface=tier.surface, user=tier.user, settings=settings)
        after = [*(each for each in before if each.pk != tier.pk), edited]
        users = frozenset(each.user for each in after)
        self.before, self.after = _Tiers(before, users), _Tiers(after, users)

    def answer(self) -> WhatIf:
        refused = self._refused()
        cut = {run_id: step for run_id, step in self._cut().items() if run_id not in refused}
        scopes = [scope for scope in SCOPES if scope in self._scopes()]
        recorded = calls_of((run.pk for run in self.runs if scopes or run.pk in cut), scopes)
        kept, spared = _without_cut(recorded.calls, cut)
        kept = [call for call in kept if call.run_id not in refused]
        replayed, accounts = self._replayed(kept, recorded.calls) if scopes else (Replay({}, 0, 0, {}), {})
        stopped = [*self._not_launched(refused), *self._stopped(replayed, accounts, cut, spared)]
        return WhatIf(
            since=self.since,
            runs=len(self.runs),
            calls=len(recorded.calls),
            complete=self._all_runs and recorded.complete,
            stopped=sorted(stopped, key=lambda each: each.at, reverse=True),
            further=self._further() if scopes else [],
            shortened=replayed.shortened,
            unspent_nanos=replayed.shorter_nanos + sum(each.unspent_nanos for each in stopped),
            bare_surfaces=self._bare_surfaces(),
        )

    @cached_property
    def _newest(self) -> tuple[list[Run], bool]:
        runs = Run.objects.of_tenant(self.tier.tenant).filter(created_at__gte=self.since)
        runs = runs.filter(surface=self.tier.surface) if self.tier.surface_id else runs
        return newest_runs(runs.filter(user=self.tier.user) if self.tier.user else runs)

    @property
    def runs(self) -> list[Run]:
        """Those that the tier covers, newest first."""
        return self._newest[0]

    @property
    def _all_runs(self) -> bool:
        return self._newest[1]

    def _limits(self, run: Run) -> tuple[Limits, Limits]:
        return self.before.limits(run.surface_id, run.user), self.after.limits(run.surface_id, run.user)

    def _scopes(self) -> set[Scope]:
        pairs = {(run.surface_id, run.user if run.user in self.after.users else "") for run in self.runs}
        return {s for pair in pairs for s in changed_scopes(self.before.limits(*pair), self.after.limits(*pair))}

    # Launches

    def _refused(self) -> dict[str, str]:
        """Runs that would not have started, and why."""
        llms = {run.pk: "llm" for run in self.runs if self._llm_refused(run)}
        launches = [Launch(run.pk, run.created_at, run.ended_at) for run in self.runs if run.pk not in llms]
        parallel, per_minute = self._stricter("parallel_runs"), self._stricter("launches_per_minute")
        if parallel is None and per_minute is None:
            return llms
        late = refused_launches(launches, parallel_runs=parallel, launches_per_minute=per_minute)
        return llms | dict.fromkeys(late, "launch")

    def _stricter(self, name: str) -> int | None:
        """The tier's own limit of this name, where the edit lowers it: each tier counts its own runs."""
        before, after = self.tier.settings.get(name), self.settings.get(name)
        if not isinstance(after, int):
            return None
        known = before if before is not None else getattr(Limits(), name) if self.tier.level == "surface" else None
        return after if known is None or after < known else None

    def _llm_refused(self, run: Run) -> bool:
        before, after = self._limits(run)
        llm = priced_name(run.llm)
        return before.allows_llm(llm) and not after.allows_llm(llm)

    def _not_launched(self, refused: Mapping[str, str]) -> Iterable[StoppedRun]:
        for run in self.runs:
            if run.pk in refused:
                yield StoppedRun(run, refused[run.pk], run.created_at, None, "", run.cost_nanos)

    # Turns and time

    def _cut(self) -> dict[str, tuple[int, datetime, str]]:
        """The first step that would not have been made for want of turns or time."""
        turns, seconds = {}, {}
        for run in self.runs:
            before, after = self._limits(run)
            if run.turn > after.max_turns < before.max_turns:
                turns[run.pk] = after.max_turns
            if after.max_seconds < before.max_seconds and _lived_seconds(run) > after.max_seconds:
                seconds[run.pk] = after.max_seconds
        timed = dict(list(seconds.items())[:MOST_TIMED])
        found = {run_id: (*step, "seconds") for run_id, step in first_steps_after_seconds(timed).items()}
        for run_id, step in first_steps_after_turn(turns).items():
            found[run_id] = min(found.get(run_id, (*step, "turns")), (*step, "turns"))
        return found

    # Money

    def _replayed(self, kept: Sequence[Call], calls: Sequence[Call]) -> tuple[Replay, Mapping[int, Account]]:
        accounts = {pk: account for pk, account in accounts_of(calls).items() if self._differs(account)}
        touching = [replace(c, accounts=tuple(a for a in c.accounts if a in accounts)) for c in kept]
        return replay((c for c in touching if c.accounts), self._standings(accounts, calls)), accounts

    def _differs(self, account: Account) -> bool:
        scope, whose = account.known_scope, (account.surface_id, account.user)
        return self.before.limits(*whose).of(scope) != self.after.limits(*whose).of(scope)

    def _standings(self, accounts: Mapping[int, Account], calls: Sequence[Call]) -> Mapping[int, Standing]:
        """What is not replayed was spent before: by runs that were launched earlier, earlier in the month."""
        replayed: dict[int, int] = defaultdict(int)
        for call in calls:
            for account_id in call.accounts:
                replayed[account_id] += 0 if call.closed_at is None else call.settled_nanos
        moves = top_ups_since(self.tier.tenant, self.since)
        return {
            pk: standing(
                self.after.limits(account.surface_id, account.user).of(account.known_scope),
                topped_up_nanos=account.topped_up_nanos,
                moves=moves.get(pk, ()),
                spent_nanos=max(0, account.spent_nanos - replayed[pk]),
            )
            for pk, account in accounts.items()
        }

    def _stopped(
        self,
        replayed: Replay,
        accounts: Mapping[int, Account],
        cut: Mapping[str, tuple[int, datetime, str]],
        spared: Mapping[str, int],
    ) -> Iterable[StoppedRun]:
        for run in self.runs:
            stop = replayed.stops.get(run.pk)
            if stop is not None:
                unspent = stop.unspent_nanos + spared.get(run.pk, 0)
                yield StoppedRun(run, accounts[stop.account_id].scope, stop.at, stop.step, stop.hold_id, unspent)
            elif run.pk in cut:
                step, at, why = cut[run.pk]
                yield StoppedRun(run, why, at, step, "", spared.get(run.pk, 0))

    def _further(self) -> list[Run]:
        """Runs that a cap stopped, and for whose next call there would have been room."""
        at_cap = [run for run in self.runs if run.state in ("failed", "paused_budget")][:MOST_STOPPED]
        refusals = EventRow.objects.filter(run_id__in=[run.pk for run in at_cap], kind="hold.refused").order_by("seq")
        last = {event.run_id: event.data for event in refusals}
        stopped = [run for run in at_cap if run.pk in last and last[run.pk].get("text") == run.reason]
        accounts = Account.objects.in_bulk([last[run.pk]["account_id"] for run in stopped])
        return [run for run in stopped if self._fits(accounts.get(last[run.pk]["account_id"]), last[run.pk])]

    def _fits(self, account: Account | None, refusal: Mapping[str, int]) -> bool:
        if account is None or not self._differs(account):
            return False
        limit_nanos = self.after.limits(account.surface_id, account.user).of(account.known_scope)
        if limit_nanos is None:
            return True
        needed_nanos = refusal["spent_nanos"] + refusal["held_nanos"] + refusal["asked_nanos"]
        return needed_nanos <= limit_nanos + account.topped_up_nanos

    def _bare_surfaces(self) -> list[Surface]:
        """Surfaces on which no run could start any more: nobody would say what one may cost."""
        said = {each.surface_id for each in self.after.tiers if not each.user and "run_nanos" in each.settings}
        once = {each.surface_id for each in self.before.tiers if not each.user and "run_nanos" in each.settings}
        surfaces = Surface.objects.for_tenant(self.tier.tenant) if None not in said else ()
        return [each for each in surfaces if each.pk not in said and not {each.pk, None}.isdisjoint(once)]


def _without_cut(
    calls: Sequence[Call], cut: Mapping[str, tuple[int, datetime, str]]
) -> tuple[list[Call], Mapping[str, int]]:
    """The calls that would have been made, and by run what the others cost."""
    kept, spared = [], Counter[str]()
    for call in calls:
        if call.run_id in cut and call.step >= cut[call.run_id][0]:
            spared[call.run_id] += call.settled_nanos
        else:
            kept.append(call)
    return kept, spared


def _lived_seconds(run: Run) -> float:
    if run.started_at is None or run.ended_at is None:
        return 0
    return (run.ended_at - run.started_at).total_seconds()
