"""The measured process of the money benchmark: works on the database of DATABASE_URL and prints one JSON line."""

import argparse
import json
import statistics
import sys
from dataclasses import asdict

import django

django.setup()

from django.core.management import call_command  # noqa: E402 - models need the line above

from tests.benchmarks.money_work import pair_times_ms, pairs_per_second, race_to_cap  # noqa: E402

WARM_UP_PAIRS = 20


def main() -> None:
    """Measure; the race comes first, while this process has no threads that a fork would lose."""
    given = _parse()
    call_command("migrate", verbosity=0)
    race = race_to_cap(processes=given.processes, calls=given.calls, cap_calls=given.cap)
    times = sorted(pair_times_ms(given.pairs + WARM_UP_PAIRS)[WARM_UP_PAIRS:])
    per_second = pairs_per_second(callers=given.callers, pairs=given.pairs)
    answer = {
        "race": asdict(race),
        "pair_ms": {"p50": statistics.median(times), "p95": times[int(len(times) * 0.95)]},
        "pairs_per_s": per_second,
    }
    sys.stdout.write(json.dumps(answer) + "\n")


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    for name in ("processes", "calls", "cap", "pairs", "callers"):
        parser.add_argument(f"--{name}", type=int, required=True)
    return parser.parse_args()


if __name__ == "__main__":
    main()
