"""What the two test commands consist of."""

from collections.abc import Mapping
from dataclasses import replace

from tests.harness.stages import Stage, module, tool

PYTHON_CODE = ("budgets", "agents", "console", "tests", "manage.py")
OLDEST_PYTHON, NEWEST_PYTHON = "3.11", "3.13"
NEEDS_NO_SERVER = "not database and not flows"


def types_stage(version: str) -> Stage:
    """The type check as that Python would see the code."""
    return Stage(name=f"types for Python {version}", command=module("mypy", "--python-version", version))


def imports_stage() -> Stage:
    """Every module imported by the newest Python, where this machine has one."""
    return Stage(name=f"imports under Python {NEWEST_PYTHON}", command=module("tests.harness.newest_python"))


def static_stages(*pythons: str) -> list[Stage]:
    """Everything that reads the code without running it; the slow ones first, so that they overlap."""
    return [
        *(types_stage(version) for version in pythons),
        Stage(name="lint", command=tool("ruff", "check", *PYTHON_CODE)),
        Stage(name="format", command=tool("ruff", "format", "--check", *PYTHON_CODE)),
        Stage(name="template lint", command=tool("djlint", "--lint", "--quiet", "templates")),
        Stage(name="import contracts", command=tool("lint-imports", "--no-cache")),
        Stage(name="system check", command=manage("check", "--fail-level", "WARNING")),
        Stage(
            name="migrations match the models",
            command=manage("makemigrations", "--check", "--dry-run"),
        ),
    ]


def manage(*arguments: str) -> tuple[str, ...]:
    """A management command; the interpreter's own warnings are errors here too."""
    return (*module("django", *arguments), "--settings", "console.settings", "--pythonpath", ".")


MACHINE = "tests/agents/machine"
"""The state machine plays whole days on one database: it has that for itself, without what other tests left in it."""

FLOWS_ARE_IN = (
    "tests/agents/test_effect_crashes.py",
    "tests/agents/test_warden.py",
    "tests/benchmarks/test_live.py",
    "tests/console/live/test_bell.py",
    "tests/console/live/test_ear.py",
    "tests/console/screens/test_plans.py",
    "tests/console/screens/test_stops_progress.py",
    "tests/console/test_told_day.py",
    "tests/flows",
    "tests/platform",
    "tests/soak",
)
"""All that a process of flows imports, and not each of the other tests; tests/conftest.py refuses one elsewhere."""

FLOWS_ON_POSTGRESQL = "flows and database and not either_database"
"""Where a worker or the database itself dies, or money is held; the other flows would tell the same on both.

`DATABASE_URL=postgresql://... python -m pytest -m flows` runs them all there."""


def machine_stage(*, name: str, environment: Mapping[str, str]) -> Stage:
    """The state machine in a process and on a database of its own."""
    return Stage(name=name, command=module("pytest", "-q", MACHINE), environment=environment)


TEST_PROCESSES = 2
FLOW_PROCESSES = 3
"""Flows mostly wait, for a lease to run out or for a page, and leave the cores to each other."""


def pytest_stage(
    *,
    name: str,
    select: str = "",
    environment: Mapping[str, str] | None = None,
    ignore: str = "",
    processes: int = TEST_PROCESSES,
) -> Stage:
    """A pytest run on a few processes; a file's tests stay together, since they share their servers.

    The databases are new each time and go with their folder or server, so nobody drops them (`--reuse-db`).
    """
    chosen = ("--reuse-db", *(("-m", select) if select else ()))
    side_by_side = ("-n", str(processes), "--dist", "loadfile", "--max-worker-restart", "2")
    options = (*side_by_side, "-q", "--durations", "10", "--durations-min", "5")
    left_out = (f"--ignore={ignore}",) if ignore else ()
    return Stage(name=name, command=module("pytest", *options, *chosen, *left_out), environment=environment or {})


def flows_stage(*, name: str, select: str, environment: Mapping[str, str]) -> Stage:
    """A pytest run of flows; their order is tests/conftest.py's, where xdist would begin with the most tests."""
    stage = pytest_stage(name=name, select=select, environment=environment, processes=FLOW_PROCESSES)
    return replace(stage, command=(*stage.command, "--no-loadscope-reorder", *FLOWS_ARE_IN))
