"""The measured process of the memory benchmark: many runs that wait for their LLM in one worker, and what it holds."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

import django
from django.core.management import call_command
from django.db import connection

django.setup()

from agents.models import Run  # noqa: E402  # models load only once Django is set up
from tests.harness.drill_desk import broker, furnish, launch_drills, variables  # noqa: E402
from tests.harness.gated_vendor import gated_vendor  # noqa: E402
from tests.harness.live_stack import LiveStack  # noqa: E402


def main() -> None:
    """Print one line of JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, required=True)
    runs = parser.parse_args().runs
    var = Path(os.environ["WATCHFLOOR_VAR"])
    call_command("migrate", verbosity=0)
    call_command("seed", verbosity=0)
    with gated_vendor() as (vendor, url), variables(COMPATIBLE_BASE_URL=url):
        stack = LiveStack(var=var, environment={"WATCHFLOOR_WORKER_THREADS": str(runs)})
        stack.add_worker("worker", threads=runs)
        try:
            stack.start("redis", "worker")
            with broker(stack.redis_url):
                furnish()
                idle = rss_bytes(stack.pid("worker"))
                launch_drills("waiting", "answer@never", runs)
                stack.wait_for(lambda: vendor.waiting["never"] == runs, what="all runs to wait", seconds=300)
                figures = {"idle": idle, "rss": rss_bytes(stack.pid("worker")), "connections": connections_open()}
                vendor.open("never")
                left = Run.objects.exclude(state="completed")
                stack.wait_for(lambda: not left.exists(), what="all runs to end", seconds=300)
                figures["after"] = rss_bytes(stack.pid("worker"))
        finally:
            stack.end()
    print(json.dumps(figures))


def rss_bytes(pid: int) -> int:
    """The resident memory of a process."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) * 1024


def connections_open() -> int:
    """How many connections PostgreSQL has now, this process's own included; 0 on SQLite."""
    if connection.vendor != "postgresql":
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'watchfloor'")
        found: tuple[int] = cursor.fetchone()
    return found[0]


if __name__ == "__main__":
    main()
