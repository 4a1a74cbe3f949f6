"""`python -m tests.harness test|check`: every stage in turn, then a summary; exit 1 when one did not hold."""

import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator

from tests.harness import machine, plan
from tests.harness.postgres import private_postgres
from tests.harness.stages import Outcome, run_aloud, run_together, summary

UNSET_FOR_TESTS = ("DATABASE_URL", "REDIS_URL", "WATCHFLOOR_LIBRARY", "OPENAI_API_KEY", "ANTHROPIC_API_KEY")
KEEPS_NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"
"""Some machines set it. Each of the hundreds of processes would compile its modules anew, and each pytest all tests."""


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
    """What needs one process, side by side; then the tests and the flows on SQLite and on a private PostgreSQL.

    The flows have processes of their own: Playwright keeps an event loop running in its thread, and its greenlets
    confuse the parser's own stack count.
    """
    machine.provide()
    with private_postgres() as url:
        on_postgresql = {"DATABASE_URL": url}
        single = [
            *plan.static_stages(plan.OLDEST_PYTHON, plan.NEWEST_PYTHON),
            plan.imports_stage(),
            plan.machine_stage(name="state machine, SQLite", environment={}),
            plan.machine_stage(name="state machine, PostgreSQL", environment=on_postgresql),
        ]
        outcomes = run_together(single)
        for name, select, environment in (
            ("tests, SQLite", "not flows", {}),
            ("tests, PostgreSQL", "database and not flows", on_postgresql),
        ):
            stage = plan.pytest_stage(name=name, select=select, environment=environment, ignore=plan.MACHINE)
            outcomes.append(run_aloud(stage))
        for name, select, environment in (
            ("flows, SQLite", "flows", {}),
            ("flows, PostgreSQL", plan.FLOWS_ON_POSTGRESQL, on_postgresql),
        ):
            outcomes.append(run_aloud(plan.flows_stage(name=name, select=select, environment=environment)))
        return outcomes


@contextlib.contextmanager
def clean_environment() -> Iterator[None]:
    """A folder of its own to write to, and nothing of the caller's databases and keys."""
    for name in (*UNSET_FOR_TESTS, KEEPS_NO_BYTECODE):
        os.environ.pop(name, None)
    with tempfile.TemporaryDirectory(prefix="watchfloor-test-") as folder:
        os.environ["WATCHFLOOR_VAR"] = folder
        yield


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
