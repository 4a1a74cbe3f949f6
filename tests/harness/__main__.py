"""`python -m tests.harness test|check`: every stage in turn, then a summary; exit 1 when one did not hold."""

import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator

from tests.harness import machine, plan
from tests.harness.postgres import private_postgres
from tests.harness.stages import Outcome, politely, run_aloud, run_together, summary

UNSET_FOR_TESTS = ("DATABASE_URL", "REDIS_URL", "WATCHFLOOR_LIBRARY", "OPENAI_API_KEY", "ANTHROPIC_API_KEY")


def main(arguments: list[str]) -> int:
    """Run one of the two commands and return the exit code."""
    if arguments not in (["test"], ["check"]):
        print("usage: python -m tests.harness test|check", file=sys.stderr)
        return 2
    began = time.monotonic()
    with clean_environment():
        try:
            outcomes = whole() if arguments == ["test"] else fast()
        except machine.ProgramMissing as problem:
            print(f"watchfloor: {problem}", file=sys.stderr)
            return 1
    print(summary(outcomes))
    print(f"{time.monotonic() - began:8.1f} s  together")
    failed = [outcome.name for outcome in outcomes if outcome.exit_code]
    print(f"FAILED: {', '.join(failed)}" if failed else "All stages hold.")
    return 1 if failed else 0


def fast() -> list[Outcome]:
    """Lint, types, contracts, and the tests that need neither a database nor a server."""
    quick = plan.pytest_stage(name="tests without database or servers", select=plan.NEEDS_NO_SERVER)
    return [*run_together(plan.static_stages(plan.OLDEST_PYTHON)), run_aloud(quick)]


def whole() -> list[Outcome]:
    """The tests on SQLite and on a private PostgreSQL; then the flows on both, which mostly wait, beside all the rest.

    The flows have processes of their own: Playwright keeps an event loop running in its thread, and its greenlets
    confuse the parser's own stack count.
    """
    machine.provide()
    with private_postgres() as url:
        on_postgresql = {"DATABASE_URL": url}
        outcomes = []
        for name, select, environment in (
            ("tests, SQLite", "not flows", {}),
            ("tests, PostgreSQL", "database and not flows", on_postgresql),
        ):
            stage = plan.pytest_stage(name=name, select=select, environment=environment, ignore=plan.MACHINE)
            outcomes.append(run_aloud(stage))
        flows = [
            plan.flows_stage(name="flows, SQLite", select="flows", environment={}),
            plan.flows_stage(name="flows, PostgreSQL", select=plan.FLOWS_ON_POSTGRESQL, environment=on_postgresql),
        ]
        single = [
            *plan.static_stages(plan.OLDEST_PYTHON, plan.NEWEST_PYTHON),
            plan.imports_stage(),
            plan.machine_stage(name="state machine, SQLite", environment={}),
            plan.machine_stage(name="state machine, PostgreSQL", environment=on_postgresql),
        ]
        print("\n== flows on both databases, and what needs one process", flush=True)
        return outcomes + run_together([*flows, *map(politely, single)], at_once=len(flows) + 1)


@contextlib.contextmanager
def clean_environment() -> Iterator[None]:
    """A folder of its own to write to, and nothing of the caller's databases and keys."""
    for name in UNSET_FOR_TESTS:
        os.environ.pop(name, None)
    with tempfile.TemporaryDirectory(prefix="watchfloor-test-") as folder:
        os.environ["WATCHFLOOR_VAR"] = folder
        yield


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
