"""What an edit of a tier would have done in the last days, from the calls, steps and launches on record."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from agents.contracts.llms import priced_name
from agents.edited_tiers import EditedTiers
from agents.models import Run
from agents.recorded_calls import (
    PastRun,
    calls_of,
    first_steps_after_seconds,
    first_steps_after_turn,
    newest_runs,
)
from agents.replayed_money import Replayed, replay_money, would_go_further
from budgets.models import Surface, Tier
from budgets.tier_edits import Change, settings_after
from budgets.tiers import Limits
from budgets.what_if import Call, Launch, refused_launches

DAYS = 7
MOST_TIMED = 500
"""Runs whose steps are read one by one to see when their time was over."""

Cut = tuple[int, datetime, str]
"""The first step that would not have been made, when it was, and for want of what."""


@dataclass(frozen=True, slots=True)
class StoppedRun:
    """A run that would have been stopped: why (a scope, "turns", "seconds", "launch", "llm"), where, in nano-USD.

    Without `step` it would not have started.
    """

    run: PastRun
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
    stopped: Sequence[StoppedRun]
    further: Sequence[PastRun]
    shortened: int
    unspent_nanos: int
    bare_surfaces: Sequence[Surface]

    @property
    def not_launched(self) -> int:
        """How many of the stopped ones would not even have started."""
        return sum(each.step is None for each in self.stopped)


def what_if(*, tier: Tier, change: Change, at: datetime) -> WhatIf:
    """Replays the last seven days of what the tier covers under the edit. Raises `SettingRefused`; writes nothing."""
    settings = settings_after(tier, change).stored()
    since = at - timedelta(days=DAYS)
    tiers = EditedTiers(tier, settings)
    runs, all_runs = newest_runs(_covered(tier, since))
    refused = _refused(tier, settings, tiers, runs)
    cut, all_timed = _cut(tiers, [run for run in runs if run.pk not in refused])
    scopes = tiers.scopes(runs)
    recorded = calls_of((run.pk for run in runs if scopes or run.pk in cut), scopes)
    made, spared = _made(recorded.calls, refused, cut)
    money = replay_money(tiers=tiers, since=since, runs=runs, scopes=scopes, calls=recorded.calls, made=made)
    stopped = [*_not_launched(runs, refused), *_stopped(runs, money, cut, spared)]
    return WhatIf(
        since=since,
        runs=len(runs),
        calls=len(recorded.calls),
        complete=all_runs and all_timed and recorded.complete,
        stopped=sorted(stopped, key=lambda each: each.at, reverse=True),
        further=would_go_further(tiers, runs) if scopes else (),
        shortened=money.replay.shortened,
        unspent_nanos=money.replay.shorter_nanos + sum(each.unspent_nanos for each in stopped),
        bare_surfaces=tiers.left_bare(),
    )


def _covered(tier: Tier, since: datetime) -> QuerySet[Run]:
    runs = Run.objects.of_tenant(tier.tenant).filter(created_at__gte=since)
    runs = runs.filter(surface=tier.surface) if tier.surface_id else runs
    return runs.filter(user=tier.user) if tier.user else runs


def _refused(tier: Tier, settings: Mapping[str, object], tiers: EditedTiers, runs: Sequence[PastRun]) -> dict[str, str]:
    """Runs that would not have started, and why."""
    llms = {run.pk: "llm" for run in runs if _llm_refused(run, *tiers.limits(run))}
    parallel, per_minute = (_lowered(tier, settings, name) for name in ("parallel_runs", "launches_per_minute"))
    if parallel is None and per_minute is None:
        return llms
    launches = [Launch(run.pk, run.created_at, run.ended_at) for run in runs if run.pk not in llms]
    late = refused_launches(launches, parallel_runs=parallel, launches_per_minute=per_minute)
    return llms | dict.fromkeys(late, "launch")


def _lowered(tier: Tier, settings: Mapping[str, object], name: str) -> int | None:
    """The tier's own limit of this name, where the edit lowers it: each tier counts its own runs."""
    usual = getattr(Limits(), name) if tier.level == "surface" else None
    before, after = tier.settings.get(name, usual), settings.get(name)
    return after if isinstance(after, int) and (before is None or after < before) else None


def _llm_refused(run: PastRun, before: Limits, after: Limits) -> bool:
    llm = priced_name(run.llm)
    return before.allows_llm(llm) and not after.allows_llm(llm)


def _cut(tiers: EditedTiers, runs: Iterable[PastRun]) -> tuple[dict[str, Cut], bool]:
    """Where runs would have run out of turns or time, and whether all of them were looked at."""
    turns, seconds = {}, {}
    for run in runs:
        before, after = tiers.limits(run)
        if run.turn > after.max_turns < before.max_turns:
            turns[run.pk] = after.max_turns
        if run.lived_seconds > after.max_seconds < before.max_seconds:
            seconds[run.pk] = after.max_seconds
    timed = dict(list(seconds.items())[:MOST_TIMED])
    found = {run_id: (*step, "seconds") for run_id, step in first_steps_after_seconds(timed).items()}
    for run_id, step in first_steps_after_turn(turns).items():
        found[run_id] = min(found.get(run_id, (*step, "turns")), (*step, "turns"))
    return found, len(timed) == len(seconds)


def _made(
    calls: Sequence[Call], refused: Mapping[str, str], cut: Mapping[str, Cut]
) -> tuple[list[Call], Mapping[str, int]]:
    """The calls that would have been made but for money, and by run what the cut ones cost."""
    made, spared = [], Counter[str]()
    for call in calls:
        if call.run_id in cut and call.step >= cut[call.run_id][0]:
            spared[call.run_id] += call.settled_nanos
        elif call.run_id not in refused:
            made.append(call)
    return made, spared


def _not_launched(runs: Sequence[PastRun], refused: Mapping[str, str]) -> Iterable[StoppedRun]:
    for run in runs:
        if run.pk in refused:
            yield StoppedRun(run, refused[run.pk], run.created_at, None, "", run.cost_nanos)


def _stopped(
    runs: Sequence[PastRun], money: Replayed, cut: Mapping[str, Cut], spared: Mapping[str, int]
) -> Iterable[StoppedRun]:
    for run in runs:
        stop = money.replay.stops.get(run.pk)
        if stop is not None:
            unspent = stop.unspent_nanos + spared.get(run.pk, 0)
            yield StoppedRun(run, money.scopes[stop.account_id], stop.at, stop.step, stop.hold_id, unspent)
        elif run.pk in cut:
            step, at, why = cut[run.pk]
            yield StoppedRun(run, why, at, step, "", spared.get(run.pk, 0))
