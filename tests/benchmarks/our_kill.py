"""The measured process of the kill benchmark: many runs in one worker, killed one by one and all at once.

It runs on the database of DATABASE_URL and the Redis of REDIS_URL, starts the vendor and the worker, and prints one
JSON line.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import django

django.setup()

from django.conf import settings  # noqa: E402 - models need the line above

from agents import bell, kills, lifecycle  # noqa: E402
from agents.models import Agent, EventRow, Run  # noqa: E402
from budgets.models import Surface  # noqa: E402
from budgets.prices import set_price  # noqa: E402
from budgets.pricing import Rates  # noqa: E402
from console.supervisor import programs  # noqa: E402
from console.supervisor.addresses import LOOPBACK  # noqa: E402
from console.supervisor.child import Child  # noqa: E402
from tests.benchmarks.held_streams import look  # noqa: E402
from tests.benchmarks.order_agent import NAME  # noqa: E402
from tests.benchmarks.our_runs import prepare  # noqa: E402

LLM = "compatible:held"
PATIENCE_S = 120.0
QUIET_S = 1.0
STARTS = frozenset({"hold.placed", "model.started", "tool.started"})


class Office:
    """Launches runs, and knows what the vendor sees of them."""

    def __init__(self, surface: Surface, port: int) -> None:
        self.surface = surface
        self.port = port
        self.agent = Agent.objects.select_related("current").get(name=NAME)
        self.asked = self.closed = 0

    def launch(self, runs: int) -> list[Run]:
        """So many runs whose LLM has begun to answer."""
        made = [self._launch(number) for number in range(runs)]
        self.asked += runs
        wait_for(lambda: look(self.port).asked == self.asked, "every run to ask its LLM")
        time.sleep(QUIET_S)  # what was committed on the way to the call is rung for, and the worker is idle
        return made

    def closed_ms(self, kill: Callable[[], object], runs: int) -> list[float]:
        """From the commit of a kill to each socket that it closed, in milliseconds."""
        committed: list[int] = []
        ring = bell.ring_kills

        def note(*given: object) -> bool:
            committed.append(time.monotonic_ns())
            return ring(*given)  # type: ignore[arg-type]  # passed on as it is

        bell.ring_kills = note  # type: ignore[assignment]  # the first line after the commit
        try:
            kill()
        finally:
            bell.ring_kills = ring
        wait_for(lambda: len(look(self.port).closed_ns) == self.closed + runs, "the vendor's sockets to be closed")
        new = look(self.port).closed_ns[self.closed :]
        self.closed += runs
        return [(at - committed[0]) / 1e6 for at in new]

    def _launch(self, number: int) -> Run:
        tenant = self.surface.tenant
        return lifecycle.launch(
            tenant=tenant, surface=self.surface, agent=self.agent, task="1", actor="bench", user=f"u{number}", llm=LLM
        )


def measure(office: Office, *, runs: int, singles: int) -> dict[str, object]:
    """Kill some one by one among ``runs`` that stay, then the rest by one order."""
    made = office.launch(runs + singles)
    one_by_one = [
        took
        for run in made[:singles]
        for took in office.closed_ms(partial(kills.kill, run=run, actor="bench", reason="bench"), 1)
    ]
    rest = Run.objects.filter(pk__in=[run.pk for run in made[singles:]])

    def order() -> object:
        return kills.kill_all(runs=rest, scope="all", actor="bench", reason="bench", tenant=None)

    together = office.closed_ms(order, runs)
    wait_for(lambda: not Run.objects.filter(state="kill_requested").exists(), "every run to be stopped")
    killed = list(Run.objects.filter(state="killed"))
    return {
        "one_by_one_ms": one_by_one,
        "together_ms": together,
        "acknowledged_ms": [after_ms(run, run.kill_acknowledged_at) for run in killed],
        "stopped_ms": [after_ms(run, run.ended_at) for run in killed],
        "killed": len(killed),
        "started_after": started_after() + look(office.port).asked - office.asked,
    }


def after_ms(run: Run, at: object) -> float:
    """From the click, by the database's clock."""
    return (at - run.kill_requested_at).total_seconds() * 1000  # type: ignore[operator,no-any-return]  # both are set


def started_after() -> int:
    """What began in a run's trace behind its kill."""
    asked = dict(EventRow.objects.filter(kind="kill.requested").values_list("run_id", "seq"))
    begun = EventRow.objects.filter(kind__in=STARTS).values_list("run_id", "seq")
    return sum(seq > asked.get(run_id, seq) for run_id, seq in begun)


def wait_for(holds: Callable[[], bool], what: str) -> None:
    """Look until it holds. Raises TimeoutError."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {PATIENCE_S:g} s for {what}")
        time.sleep(0.01)


@contextmanager
def vendor() -> Iterator[int]:
    """The vendor's port."""
    process = subprocess.Popen((sys.executable, "-m", "tests.benchmarks.held_streams"), stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process, process.stdout as said:
        try:
            yield int(said.readline())
        finally:
            process.terminate()


@contextmanager
def worker(*, threads: int, port: int) -> Iterator[Child]:
    """One worker process with so many threads."""
    program = programs.worker(threads=threads, node=f"bench-{os.getpid()}@{LOOPBACK}", redis_url=settings.REDIS_URL)
    environment = {
        **os.environ,
        "COMPATIBLE_BASE_URL": f"http://{LOOPBACK}:{port}/v1",
        "WATCHFLOOR_WORKER_THREADS": str(threads),
    }
    child = Child(program, var=Path(os.environ["WATCHFLOOR_VAR"]), environment=environment, say=_say)
    try:
        wait_for(program.is_ready, "the worker to be ready")
        yield child
    finally:
        child.ask_to_end()
        child.end(grace_seconds=5)


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser()
    for name in ("runs", "singles"):
        parser.add_argument(f"--{name}", type=int, required=True)
    given = parser.parse_args()
    surface = prepare()
    set_price(
        llm=LLM,
        rates=Rates.flat(input=10**9, output=10**9),
        effective_from=surface.tenant.created_at,
        created_by="bench",
    )
    with vendor() as port:
        os.environ["COMPATIBLE_BASE_URL"] = f"http://{LOOPBACK}:{port}/v1"
        with worker(threads=given.runs + given.singles + 8, port=port):
            found = measure(Office(surface, port), runs=given.runs, singles=given.singles)
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
