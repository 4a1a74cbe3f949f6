"""Recorded calls against the limits of an edit: who would have been refused, and who would have gone on."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from agents.edited_tiers import EditedTiers
from agents.models import EventRow, Run
from agents.recorded_calls import PastRun, accounts_of, top_ups_since
from budgets.models import Account
from budgets.own_limits import OwnLimits
from budgets.tiers import Scope
from budgets.what_if import Call, Replay, Standing, replay

MOST_STOPPED = 500
"""Runs that ended at a cap and are asked whether they would have gone on."""

Moves = Sequence[tuple[datetime, int]]


@dataclass(frozen=True, slots=True)
class Replayed:
    """The replay, and the scope of each account that may refuse."""

    replay: Replay
    scopes: Mapping[int, Scope]


def replay_money(
    *,
    tiers: EditedTiers,
    since: datetime,
    runs: Sequence[PastRun],
    scopes: Sequence[Scope],
    calls: Sequence[Call],
    made: Sequence[Call],
) -> Replayed:
    """How the calls that would still have been `made` had fared; the accounts of each call are those of `scopes`.

    `calls` are all that were recorded: what else was spent on an account was spent before them, by runs that were
    launched earlier, or earlier in the month.
    """
    moves = top_ups_since(tiers.tenant, since)
    standings: dict[int, Standing] = {}
    of_scope: dict[int, Scope] = {}
    for position, scope in enumerate(scopes):
        if scope == "run":
            found = _of_runs(tiers, runs, calls, position, moves)
        else:
            found = _of_windows(tiers, calls, position, moves)
        standings |= found
        of_scope |= dict.fromkeys(found, scope)
    return Replayed(replay(made, standings), of_scope)


def _of_runs(
    tiers: EditedTiers, runs: Sequence[PastRun], calls: Sequence[Call], position: int, moves: Mapping[int, Moves]
) -> dict[int, Standing]:
    """Whole runs are replayed, so their accounts begin at nothing; there are too many to read them all."""
    new_limits = {}
    for run in runs:
        before, after = tiers.limits(run)
        own = OwnLimits.stored(run.own_limits)
        if own.within(before).run_nanos != own.within(after).run_nanos:
            new_limits[run.pk] = own.within(after).run_nanos
    owners = {call.accounts[position]: call.run_id for call in calls if call.run_id in new_limits}
    return {
        pk: _standing(new_limits[run_id], topped_up_nanos=0, moves=moves.get(pk, ()), spent_nanos=0)
        for pk, run_id in owners.items()
        if pk is not None
    }


def _of_windows(
    tiers: EditedTiers, calls: Sequence[Call], position: int, moves: Mapping[int, Moves]
) -> dict[int, Standing]:
    """Accounts that runs share, by surface, user or tenant."""
    replayed: dict[int | None, int] = defaultdict(int)
    for call in calls:
        replayed[call.accounts[position]] += 0 if call.closed_at is None else call.settled_nanos
    found = {}
    for pk, account in accounts_of(calls, position).items():
        before, after = (limits.of(account.known_scope) for limits in tiers.limits(account))
        if before != after:
            in_time = moves.get(pk, ())
            found[pk] = _standing(
                after,
                topped_up_nanos=account.topped_up_nanos - sum(nanos for _, nanos in in_time),
                moves=in_time,
                spent_nanos=max(0, account.spent_nanos - replayed[pk]),
            )
    return found


def _standing(limit_nanos: int | None, *, topped_up_nanos: int, moves: Moves, spent_nanos: int) -> Standing:
    """An account under a hypothetical limit, with the top-ups that it really had on top of it."""
    if limit_nanos is None:
        return Standing(((None, None),), spent_nanos)
    limit_nanos += topped_up_nanos
    steps: list[tuple[datetime | None, int | None]] = [(None, limit_nanos)]
    for at, nanos in moves:
        limit_nanos += nanos
        steps.append((at, limit_nanos))
    return Standing(tuple(steps), spent_nanos)


def would_go_further(tiers: EditedTiers, runs: Sequence[PastRun]) -> list[PastRun]:
    """Runs that a cap stopped, and for whose next call there would have been room."""
    at_cap = [run for run in runs if run.state in ("failed", "paused_budget")][:MOST_STOPPED]
    reasons = dict(Run.objects.filter(pk__in=[run.pk for run in at_cap]).values_list("pk", "reason"))
    refusals = EventRow.objects.filter(run_id__in=list(reasons), kind="hold.refused").order_by("seq")
    last = {event.run_id: event.data for event in refusals}
    stopped = [run for run in at_cap if run.pk in last and last[run.pk].get("text") == reasons[run.pk]]
    accounts = Account.objects.in_bulk([last[run.pk]["account_id"] for run in stopped])
    return [run for run in stopped if _fits(tiers, accounts.get(last[run.pk]["account_id"]), last[run.pk])]


def _fits(tiers: EditedTiers, account: Account | None, refusal: Mapping[str, int]) -> bool:
    if account is None:
        return False
    before, after = (limits.of(account.known_scope) for limits in tiers.limits(account))
    if before == after or after is None:
        return before != after
    needed_nanos = refusal["spent_nanos"] + refusal["held_nanos"] + refusal["asked_nanos"]
    return needed_nanos <= after + account.topped_up_nanos
