"""Reads what runs really asked and paid for, as far back as a what-if looks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import islice, pairwise
from typing import Any

from django.db.models import Min, QuerySet, TextField
from django.db.models.functions import Cast
from pydantic import TypeAdapter

from agents.engine.thinking import SMALLEST_ANSWER_TOKENS
from agents.models import EventRow, Run, StepRow
from budgets.models import Account, Hold, LedgerEntry, Tenant
from budgets.pricing import Rates, worst_case_nanos
from budgets.tiers import SCOPES, Limits, Scope
from budgets.what_if import Call, Standing

MOST_CALLS = 50_000
MOST_RUNS = 20_000
CHUNK = 500

_PRICE: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])


@dataclass(frozen=True, slots=True)
class Recorded:
    """The calls of the newest runs, newest first; not `complete` when there were more than are read."""

    calls: Sequence[Call]
    complete: bool


def newest_runs(runs: QuerySet[Run]) -> tuple[list[Run], bool]:
    """The newest of these runs with what a replay asks of them, and whether those are all."""
    wanted = runs.select_related("surface").defer("task", "answer", "limits", "missing")
    found = list(wanted.order_by("-created_at")[: MOST_RUNS + 1])
    return found[:MOST_RUNS], len(found) <= MOST_RUNS


def calls_of(run_ids: Iterable[str], scopes: Sequence[Scope]) -> Recorded:
    """The calls of these runs with their accounts of these scopes, whole runs, until 50,000 calls are read."""
    calls: list[Call] = []
    rest = iter(run_ids)
    while chunk := list(islice(rest, CHUNK)):
        if len(calls) >= MOST_CALLS:
            return Recorded(calls, complete=False)
        calls += [_call(row) for row in _rows(chunk, scopes)]
    return Recorded(calls, complete=True)


def _rows(run_ids: Sequence[str], scopes: Sequence[Scope]) -> Iterable[tuple[Any, ...]]:
    holds = Hold.objects.filter(run_id__in=run_ids).annotate(price_text=Cast("price", TextField()))
    given = "id", "run_id", "step", "opened_at", "closed_at", "state", "amount_nanos", "settled_nanos"
    sized = "input_tokens", "max_output_tokens", "price_text"
    return holds.values_list(*given, *sized, *(f"{scope}_account_id" for scope in scopes))


def _call(row: tuple[Any, ...]) -> Call:
    hold_id, run_id, step, opened_at, closed_at, state, amount, settled, tokens, longest, price, *accounts = row
    sized = tokens and longest > SMALLEST_ANSWER_TOKENS and price
    return Call(
        hold_id=hold_id,
        run_id=run_id,
        step=step,
        accounts=tuple(account_id for account_id in accounts if account_id is not None),
        opened_at=opened_at,
        closed_at=closed_at,
        amount_nanos=amount,
        settled_nanos=amount if state == "open" else settled or 0,
        smallest_nanos=min(amount, worst_case_nanos(tokens, SMALLEST_ANSWER_TOKENS, _rates(price)))
        if sized
        else amount,
    )


@lru_cache(maxsize=256)
def _rates(price: str) -> Rates:
    """Prices change seldom: a history has few of them."""
    return Rates.from_json(_PRICE.validate_json(price)["rates"])


def top_ups_since(tenant: Tenant, since: datetime) -> Mapping[int, list[tuple[datetime, int]]]:
    """By account: when top-ups and their lapses moved its limit, and by how much, in nano-USD."""
    moves = LedgerEntry.objects.filter(account__tenant=tenant, kind__in=("top_up", "lapse"), at__gte=since)
    found: dict[int, list[tuple[datetime, int]]] = {}
    for account_id, at, nanos in moves.order_by("pk").values_list("account_id", "at", "limit_delta_nanos"):
        found.setdefault(account_id or 0, []).append((at, nanos))
    return found


def standing(
    base_nanos: int | None, *, topped_up_nanos: int, moves: Sequence[tuple[datetime, int]], spent_nanos: int
) -> Standing:
    """An account under a hypothetical limit, with the top-ups that it really had on top of it."""
    if base_nanos is None:
        return Standing(((None, None),), spent_nanos)
    limit_nanos = base_nanos + topped_up_nanos - sum(nanos for _, nanos in moves)
    steps: list[tuple[datetime | None, int | None]] = [(None, limit_nanos)]
    for at, nanos in moves:
        limit_nanos += nanos
        steps.append((at, limit_nanos))
    return Standing(tuple(steps), spent_nanos)


def accounts_of(calls: Iterable[Call]) -> Mapping[int, Account]:
    """The accounts that the calls count against."""
    ids = sorted({account_id for call in calls for account_id in call.accounts})
    chunks = (ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK))
    return {account.pk: account for chunk in chunks for account in Account.objects.filter(pk__in=chunk)}


def changed_scopes(before: Limits, after: Limits) -> set[Scope]:
    """The scopes whose limit differs."""
    return {scope for scope in SCOPES if before.of(scope) != after.of(scope)}


def first_steps_after_turn(most_turns: Mapping[str, int]) -> dict[str, tuple[int, datetime]]:
    """By run, for runs that used more turns than these: the first step after, and when it was recorded."""
    found: dict[str, tuple[int, datetime]] = {}
    for turns in set(most_turns.values()):
        run_ids = [run_id for run_id, most in most_turns.items() if most == turns]
        for start in range(0, len(run_ids), CHUNK):
            steps = StepRow.objects.filter(run_id__in=run_ids[start : start + CHUNK], turn=turns + 1)
            first = steps.values("run_id").annotate(number=Min("number"), at=Min("recorded_at"))
            found |= {row["run_id"]: (row["number"], row["at"]) for row in first}
    return found


def first_steps_after_seconds(most_seconds: Mapping[str, int]) -> dict[str, tuple[int, datetime]]:
    """By run: the first step of the turn that would not have begun, since its worker had been at it too long."""
    found: dict[str, tuple[int, datetime]] = {}
    for run_id, seconds in most_seconds.items():
        claims = EventRow.objects.filter(run_id=run_id, kind="run.claimed").order_by("seq").values_list("at", flat=True)
        steps = StepRow.objects.filter(run_id=run_id).order_by("number").values_list("number", "turn", "recorded_at")
        step = _first_too_late(list(claims), list(steps), seconds)
        if step is not None:
            found[run_id] = step
    return found


def _first_too_late(
    claims: Sequence[datetime], steps: Sequence[tuple[int, int, datetime]], seconds: int
) -> tuple[int, datetime] | None:
    """A turn begins when the step before it was recorded, or when its worker took the run up again."""
    for (_, turn_before, began_at), (number, turn, at) in pairwise(steps):
        claimed_at = max((claim for claim in claims if claim <= at), default=None)
        if turn == turn_before or claimed_at is None:
            continue
        if (max(began_at, claimed_at) - claimed_at).total_seconds() >= seconds:
            return number, at
    return None
