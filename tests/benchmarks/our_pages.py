"""The measured process: opens the console's pages in this process, on as many runs as it is told."""

import argparse
import json
import sys
import time

import django

django.setup()

from django.conf import settings  # noqa: E402 - models need the line above
from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402

from agents.models import Run  # noqa: E402
from budgets.models import Tenant  # noqa: E402
from console.models import User  # noqa: E402
from console.supervisor.first_use import seed  # noqa: E402
from tests.benchmarks.many_runs import write_runs  # noqa: E402
from tests.benchmarks.opened_pages import PAGES  # noqa: E402

TIMES = 20


def main() -> None:
    """Fill, open each page so many times, and print the one JSON line the runner reads."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, required=True)
    parser.add_argument("--live", type=int, required=True)
    given = parser.parse_args()
    call_command("migrate", verbosity=0)
    seed()
    tenant = Tenant.objects.get(slug="acme")
    write_runs(tenant, ended=given.runs, live=given.live)
    settings.ALLOWED_HOSTS = ["*"]
    client = Client(headers={"HX-Request": "true"})
    client.force_login(User.objects.get(username="acme_admin"))
    ids = {
        "ended": Run.objects.exclude(ended_at=None).latest("pk").pk,
        "live": Run.objects.filter(state="running").latest("pk").pk,
    }
    sys.stdout.write(json.dumps({page: opened(client, f"/t/acme/{page.format(**ids)}") for page in PAGES}) + "\n")


def opened(client: Client, address: str) -> dict[str, float]:
    """Milliseconds of the server at two percentiles. Raises AssertionError for what is no page."""
    answer = client.get(address)
    if answer.status_code != 200:
        raise AssertionError(f"{address} answered {answer.status_code}")
    took = sorted(timed(client, address) for _ in range(TIMES))
    return {"p50_ms": took[TIMES // 2 - 1], "p95_ms": took[TIMES * 95 // 100 - 1]}


def timed(client: Client, address: str) -> float:
    """Milliseconds of one answer."""
    began = time.perf_counter()
    client.get(address)
    return round(1000 * (time.perf_counter() - began), 1)


if __name__ == "__main__":
    main()
