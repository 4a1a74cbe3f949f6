"""One soak from its first launch to its last open hold: work under faults, then everything drains."""

import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from budgets.models import Surface
from budgets.prices import set_price
from budgets.pricing import Rates
from tests.harness.databases import manage
from tests.harness.faulty_proxy import FaultyProxy
from tests.harness.postgres import PostgresServer
from tests.soak.agent import NAME
from tests.soak.auditor import Auditor
from tests.soak.crew import WORKERS, Crew
from tests.soak.far_end import FarEnd
from tests.soak.monkey import Monkey
from tests.soak.operator import Operator
from tests.soak.plain_rows import DatabaseAway, PlainDatabase
from tests.soak.report import LIVE, stranded, summary
from tests.soak.tally import Tally
from tests.tier_edit import limit

READY_SECONDS = 60.0
DRAIN_SECONDS = 240.0
SMALL_CAP_NANOS = 6_000_000
"""A cap that the longer runs of one surface meet."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a soak takes place."""

    var: Path
    environment: dict[str, str]
    crew: Crew
    redis_url: str
    redis_proxy: FaultyProxy
    postgres: PostgresServer | None
    postgres_proxy: FaultyProxy | None
    far_end: FarEnd
    database: PlainDatabase


def run(place: Place, *, seed: int, seconds: float) -> int:
    """Let them work, drain, look at everything once more, print what was; 1 when anything was wrong."""
    logging.disable(logging.ERROR)  # that Redis and the database are away is no news here
    tally = Tally()
    dice = random.Random(seed)
    operator = Operator(seed=dice.getrandbits(32), far_end=place.far_end, tally=tally)
    auditor = Auditor(place.database, place.far_end, tally)
    monkey = Monkey(
        seed=dice.getrandbits(32),
        crew=place.crew,
        redis_url=place.redis_url,
        redis_proxy=place.redis_proxy,
        postgres=place.postgres,
        postgres_proxy=place.postgres_proxy,
        tally=tally,
    )
    set_price(
        llm=f"rehearsal:{NAME}",
        rates=Rates.flat(input=2 * 10**9, output=8 * 10**9),
        effective_from=datetime.now(UTC),
        created_by="soak",
    )
    limit(Surface.objects.get(tenant__slug="acme", slug="enterprise"), run_nanos=SMALL_CAP_NANOS, at_cap="pause")
    place.crew.start_all()
    _wait_for_workers(place.crew)
    _together([operator.work, auditor.work, monkey.work], seconds=seconds, tally=tally)
    place.crew.start_all()
    if not tally.violations:
        _drain(place.database, operator, auditor, tally)
    if not tally.violations:
        _verify(place, tally)
    print(summary(tally, place.database, far_end=place.far_end), flush=True)
    return 1 if tally.violations else 0


def _wait_for_workers(crew: Crew) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not all(crew.is_ready(name) for name in WORKERS):
        if time.monotonic() > deadline:
            raise RuntimeError("the workers did not start")
        time.sleep(0.1)


def _together(works: list[Callable[[threading.Event], None]], *, seconds: float, tally: Tally) -> None:
    """Each in a thread; whoever breaks ends the day for all."""
    until = threading.Event()

    def guarded(work: Callable[[threading.Event], None]) -> None:
        try:
            work(until)
        except Exception as error:
            tally.violation(f"the soak itself failed in {work.__qualname__}: {error!r}")
            raise

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    tally.over.wait(seconds)
    until.set()
    for thread in threads:
        thread.join()


def _drain(database: PlainDatabase, operator: Operator, auditor: Auditor, tally: Tally) -> None:
    """People answer everything at once, and every run comes to its end or is a violation."""
    deadline = time.monotonic() + DRAIN_SECONDS
    while _live(database):
        operator.tried("answer", lambda: operator.answer(patience=0.0))
        auditor.look()
        if tally.over.is_set():
            return
        if time.monotonic() > deadline:
            tally.violation(f"after {DRAIN_SECONDS:g} s without faults:\n{stranded(database)}")
            return
        time.sleep(0.5)


def _live(database: PlainDatabase) -> bool:
    try:
        with database.at_one_moment() as rows:
            return bool(rows(LIVE))
    except DatabaseAway:
        return True


def _verify(place: Place, tally: Tally) -> None:
    """No hold and no effect is open, and the product's own verification finds nothing either."""
    with place.database.at_one_moment() as rows:
        holds = rows("SELECT id FROM budgets_hold WHERE state = 'open'")
        open_effects = rows("SELECT id, run_id, state FROM agents_effect WHERE state = 'started'")
        held = rows("SELECT id FROM budgets_account WHERE held_nanos <> 0")
    for what, found in (("open holds", holds), ("effects under way", open_effects), ("accounts that hold money", held)):
        if found:
            tally.violation(f"{what} at the end: {found[:5]}")
        tally.check(f"no {what} at the end")
    try:
        manage("verify_ledger", environment=place.environment)
        tally.check("verify_ledger at the end")
    except RuntimeError as error:
        tally.violation(str(error))
