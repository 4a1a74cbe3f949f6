"""Reads what runs really asked and paid for, as far back as a what-if looks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from itertools import islice, pairwise
from typing import Any, NamedTuple

from django.db.models import Min, QuerySet
from pydantic import TypeAdapter

from agents.engine.thinking import SMALLEST_ANSWER_TOKENS
from agents.models import EventRow, Run, StepRow
from budgets.hot_sql import fetch, read_at, select_rows
from budgets.hot_values import as_parameter
from budgets.models import Account, LedgerEntry, Tenant
from budgets.pricing import Rates, worst_case_nanos
from budgets.tiers import Scope
from budgets.what_if import Call, Standing

MOST_CALLS = 50_000
MOST_RUNS = 20_000
CHUNK = 500
HOLD_COLUMNS = (
    "id",
    "run_id",
    "step",
    "opened_at",
    "closed_at",
    "state",
    "amount_nanos",
    "settled_nanos",
    "input_tokens",
    "max_output_tokens",
    "CAST(price AS text)",
)

_PRICE: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])


class PastRun(NamedTuple):
    """What a replay asks of a run; named as in `Run`, money in nano-USD."""

    pk: str
    surface_id: int
    user: str
    agent_name: str
    llm: str
    state: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    turn: int
    cost_nanos: int
    own_limits: Mapping[str, int] = {}

    @property
    def lived_seconds(self) -> float:
        """From its start to its end; 0 before that."""
        if self.started_at is None or self.ended_at is None:
            return 0
        return (self.ended_at - self.started_at).total_seconds()


@dataclass(frozen=True, slots=True)
class Recorded:
    """The calls of the newest runs, newest first; not `complete` when there were more than are read."""

    calls: Sequence[Call]
    complete: bool


def newest_runs(runs: QuerySet[Run]) -> tuple[list[PastRun], bool]:
    """The newest of these runs with what a replay asks of them, and whether those are all."""
    rows = runs.order_by("-created_at").values_list(*PastRun._fields)[: MOST_RUNS + 1]
    found = [PastRun(*row) for row in rows]
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
    """Past the ORM, which takes longer to read 50,000 rows than the replay does to judge them."""
    columns = ", ".join((*HOLD_COLUMNS, *(f"{scope}_account_id" for scope in scopes)))
    wanted = select_rows({"run_id": "text"})
    return fetch(
        f"SELECT {columns} FROM budgets_hold WHERE run_id IN ({wanted})", [as_parameter([each] for each in run_ids)]
    )


def _call(row: tuple[Any, ...]) -> Call:
    hold_id, run_id, step, opened_at, closed_at, state, amount, settled, tokens, longest, price, *accounts = row
    settled = amount if state == "open" else settled or 0
    smallest = partial(_smallest, amount, tokens, longest, price)
    opened = read_at(opened_at)
    assert opened is not None, "the column is not null"
    return Call(hold_id, run_id, step, tuple(accounts), opened, read_at(closed_at), amount, settled, smallest)


def _smallest(amount_nanos: int, input_tokens: int, max_output_tokens: int, price: str | None) -> int:
    """The engine asks once more with a shorter answer; a hold that was not sized for one is all or nothing."""
    if not input_tokens or max_output_tokens <= SMALLEST_ANSWER_TOKENS or price is None:
        return amount_nanos
    return min(amount_nanos, worst_case_nanos(input_tokens, SMALLEST_ANSWER_TOKENS, _rates(price)))


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


def accounts_of(calls: Iterable[Call], position: int) -> Mapping[int, Account]:
    """The accounts at this place of the calls' accounts."""
    ids = sorted({found for call in calls if (found := call.accounts[position]) is not None})
    chunks = (ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK))
    return {account.pk: account for chunk in chunks for account in Account.objects.filter(pk__in=chunk)}


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
