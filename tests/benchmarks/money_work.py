"""What the money benchmark times: a race of processes to a cap, one caller's pairs, and many callers on one tenant.

A pair is a reservation and its settlement on all six accounts of a run, each committed for itself.
"""

import multiprocessing
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing.synchronize import Barrier
from threading import Barrier as ThreadBarrier
from time import perf_counter
from typing import cast

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.backends.postgresql.base import DatabaseWrapper as PostgresWrapper

from agents.contracts.specs import AgentSpec
from agents.engine.batch import Batch, HoldRequest
from agents.engine.batch import Settlement as Settled
from agents.journal.decide import Claim
from agents.library.sync import keep_version
from agents.models import Run
from agents.recorder import Entry, Recorder
from budgets.hot_line import Line, line_on, one_transaction, using
from budgets.hot_sql import plan_for_few_rows
from budgets.ledger import AccountSet, Books, open_accounts
from budgets.ledger.verification import verify_and_keep
from budgets.models import Surface, Tenant
from budgets.pricing import PriceSnapshot, Rates, Usage
from budgets.tiers import Limits

CALL_NANOS = 10**7
COST_NANOS = 6 * 10**6
MUCH_NANOS = 10**15
PATIENCE_S = 600
PRICE = PriceSnapshot(rates=Rates.flat(input=10**9, output=10**9), source="bench", version="1")
LLM = "scripted:bench"
FREE = Limits(
    run_nanos=MUCH_NANOS,
    session_nanos=MUCH_NANOS,
    user_day_nanos=MUCH_NANOS,
    surface_day_nanos=MUCH_NANOS,
    tenant_day_nanos=MUCH_NANOS,
    tenant_month_nanos=MUCH_NANOS,
)


@dataclass(frozen=True, slots=True)
class Race:
    """How a race to a cap ended. `errors` counts by their text all that was neither admitted nor refused."""

    admitted: int
    refused: int
    errors: dict[str, int]
    overshoot_nanos: int
    broken: str
    seconds: float


def make_desk(name: str) -> Surface:
    """A tenant of its own for each measurement, with one surface."""
    tenant = Tenant.objects.create(slug=name, name=name)
    return Surface.objects.create(tenant=tenant, slug=name, name=name)


def race_to_cap(*, processes: int, calls: int, cap_calls: int) -> Race:
    """So many processes reserve so many calls each, under a daily limit that lets `cap_calls` of them pass."""
    surface = make_desk("race")
    limits = Limits(tenant_day_nanos=cap_calls * CALL_NANOS)
    sets = [_accounts(surface, limits, f"race-{number}") for number in range(processes)]
    _close_connections()
    context = multiprocessing.get_context("fork")
    gate = context.Barrier(processes + 1)
    with context.Pool(processes, initializer=_take_gate, initargs=(gate,)) as pool:
        asked = pool.map_async(partial(_reserve_many, surface, sets, calls), range(processes), chunksize=1)
        gate.wait(PATIENCE_S)
        began = perf_counter()
        answers = sum(asked.get(PATIENCE_S), Counter[str]())
        seconds = perf_counter() - began
    found = verify_and_keep(asked_by="bench")
    admitted, refused = answers.pop("admitted", 0), answers.pop("refused", 0)
    return Race(admitted, refused, dict(answers), found.overshoot_nanos, found.mismatch, seconds)


def pair_times_ms(pairs: int) -> list[float]:
    """Wall milliseconds of each pair of one caller, in transactions of its own."""
    surface = make_desk("single")
    accounts = _accounts(surface, FREE, "single")
    _take_line()
    times = []
    for number in range(pairs):
        began = perf_counter()
        _reserve(surface, accounts, f"single:{number}")
        _settle(accounts, f"single:{number}")
        times.append((perf_counter() - began) * 1000)
    return times


def pairs_per_second(*, callers: int, pairs: int) -> float:
    """Pairs a second of threads that spend from one tenant through the recorder, which commits them in groups."""
    surface = make_desk("hot")
    claims = _claims(surface, callers)
    recorder = Recorder(lambda _heads: None)
    gate = ThreadBarrier(callers + 1)

    def spend(claim: Claim) -> None:
        gate.wait(PATIENCE_S)
        for number in range(pairs):
            hold_id = f"{claim.run_id}:{number}"
            hold = HoldRequest(hold_id, 1, LLM, CALL_NANOS, PRICE)
            if recorder.submit(Entry(claim, batch=Batch(turn=number, hold=hold))).refusal is not None:
                raise AssertionError("a call was refused under a limit that lets all pass")
            settled = Settled(hold_id, COST_NANOS, Usage(100, 10), {}, PRICE)
            recorder.submit(Entry(claim, batch=Batch(turn=number, settlements=[settled])))

    with ThreadPoolExecutor(callers) as threads:
        working = [threads.submit(spend, claim) for claim in claims]
        gate.wait(PATIENCE_S)
        began = perf_counter()
        for each in working:
            each.result()
        seconds = perf_counter() - began
    recorder.stop()
    return callers * pairs / seconds


def _claims(surface: Surface, callers: int) -> list[Claim]:
    """Runs that a worker holds for an hour, each with a user and a session of its own."""
    spec = AgentSpec(name="bench", title="Bench", purpose="Spends.", system_prompt="Spend.", llms=(LLM,))
    version = keep_version(spec=spec)
    claims = []
    for _ in range(callers):
        run = Run.objects.create(
            tenant=surface.tenant, surface=surface, version=version, agent_name="bench", task="spend", llm=LLM,
            state="running", epoch=1, attempts=1, lease_owner="bench", limits=FREE.as_json(), launched_by="bench",
            lease_expires_at=datetime.now(UTC) + timedelta(hours=1),
        )  # fmt: skip
        claims.append(Claim(run.id, 1, _accounts(surface, FREE, run.id)))
    return claims


def _accounts(surface: Surface, limits: Limits, run_id: str) -> AccountSet:
    return open_accounts(
        tenant=surface.tenant,
        surface=surface,
        limits=limits,
        run_id=run_id,
        user=run_id,
        session=run_id,
        at=datetime.now(UTC),
    )


_gate: list[Barrier] = []
_line: list[Line] = []


def _take_line() -> None:
    """The recorder's kind of connection, this process's only one."""
    plan_for_few_rows()
    own = connections[DEFAULT_DB_ALIAS]
    own.ensure_connection()
    _line.append(line_on(own))


def _take_gate(gate: Barrier) -> None:
    _gate.append(gate)


def _reserve_many(surface: Surface, sets: Sequence[AccountSet], calls: int, number: int) -> Counter[str]:
    """One process: each call in a transaction of its own; an error is counted, and the next call made."""
    try:
        _take_line()
    except DatabaseError:
        _gate[0].abort()
        raise
    answers: Counter[str] = Counter()
    _gate[0].wait(PATIENCE_S)
    for call in range(calls):
        try:
            answers[_reserve(surface, sets[number], f"race-{number}:{call}")] += 1
        except DatabaseError as error:
            answers[str(error)[:80]] += 1
    return answers


def _reserve(surface: Surface, accounts: AccountSet, hold_id: str) -> str:
    with using(_line[-1]), one_transaction():
        books = _books(accounts)
        refusal = books.reserve(
            hold_id=hold_id,
            accounts=accounts,
            amount_nanos=CALL_NANOS,
            tenant_id=surface.tenant_id,
            run_id=hold_id.partition(":")[0],
            step=1,
            llm=LLM,
            price=PRICE,
            at=datetime.now(UTC),
        )
        books.close()
    return "refused" if refusal else "admitted"


def _settle(accounts: AccountSet, hold_id: str) -> None:
    with using(_line[-1]), one_transaction():
        books = _books(accounts, hold_id)
        books.settle(hold_id=hold_id, cost_nanos=COST_NANOS, usage=Usage(100, 10), at=datetime.now(UTC))
        books.close()


def _books(accounts: AccountSet, *hold_ids: str) -> Books:
    """As the recorder opens them."""
    return Books.open(account_ids=accounts.ids, hold_ids=hold_ids)


def _close_connections() -> None:
    """No connection may pass into a forked process."""
    connections.close_all()
    wrapper = connections["default"]
    if wrapper.vendor == "postgresql":
        cast(PostgresWrapper, wrapper).close_pool()
