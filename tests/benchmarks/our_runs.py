"""The measured process: launches runs of the benchmark's agent and works on them in threads, as a worker does."""

from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version

import django

django.setup()

from django.core.management import call_command  # noqa: E402 - models need the line above
from django.db import connection  # noqa: E402

from agents import execution, lifecycle, runtime  # noqa: E402
from agents.library.sync import sync_library  # noqa: E402
from agents.llms import registry  # noqa: E402
from agents.models import Agent, Run  # noqa: E402
from budgets.models import Surface, Tenant  # noqa: E402
from budgets.prices import set_price  # noqa: E402
from budgets.pricing import Rates  # noqa: E402
from budgets.tier_settings import AMOUNTS, COUNTS  # noqa: E402
from tests.benchmarks.order_agent import NAME  # noqa: E402
from tests.benchmarks.peers.turn_clock import measure, read_command_line  # noqa: E402
from tests.tier_edit import limit  # noqa: E402

PACKAGES = ("django", "celery", "redis", "pydantic")
MUCH_NANOS = 10**15
SCRIPTED = registry.Vendor("tests.benchmarks.scripted_llm:scripted_llm")


def prepare() -> Surface:
    """Migrate, and make the tenant, its limits on every scope, and the agent."""
    registry.VENDORS = {**registry.VENDORS, "scripted": SCRIPTED}
    call_command("migrate", verbosity=0)
    sync_library()
    tenant, _ = Tenant.objects.get_or_create(slug="bench", defaults={"name": "bench"})
    surface, made = Surface.objects.get_or_create(tenant=tenant, slug="bench", defaults={"name": "bench"})
    if made:
        amounts = dict.fromkeys(AMOUNTS, MUCH_NANOS)
        counts = dict.fromkeys(COUNTS, 100_000)
        limit(tenant, **amounts, **counts)
        set_price(
            llm=f"scripted:{NAME}",
            rates=Rates.flat(input=10**9, output=10**9),
            effective_from=tenant.created_at,
            created_by="bench",
        )
    return surface


def one_run(surface: Surface, turns: int, number: int) -> None:
    """One run from launch to answer."""
    run = lifecycle.launch(
        tenant=surface.tenant,
        surface=surface,
        agent=Agent.objects.select_related("current").get(name=NAME),
        task=str(turns),
        actor="bench",
        user=f"user-{number}",
        session=f"session-{number}",
    )
    execution.work_on(run.id)
    connection.close_if_unusable_or_obsolete()


def main() -> None:
    """Measure what the command line asks for, and check that the work was done."""
    work = read_command_line()
    surface = prepare()
    connection.close()
    with ThreadPoolExecutor(work.runs) as threads:

        def start_runs(runs: int, turns: int) -> None:
            list(threads.map(lambda number: one_run(surface, turns, number), range(runs)))

        versions = {name: version(name) for name in PACKAGES}
        measure(peer="watchfloor", versions=versions, work=work, start_runs=start_runs)
    bad = Run.objects.exclude(state="completed")
    if bad.exists():
        raise SystemExit(f"{bad.count()} runs did not complete: {bad[0].state} {bad[0].reason}")
    runtime.current().stop()


if __name__ == "__main__":
    main()
