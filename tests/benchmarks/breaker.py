"""How long a breaker's decision and the count of a good call take, from the memory of a worker."""

import time
from collections.abc import Callable
from statistics import quantiles

from agents.tools.health import SharedHealth

PERCENT = 100


def micros(work: Callable[[], object], times: int) -> tuple[float, float]:
    """Median and 99th percentile of so many goes, in microseconds."""
    taken = []
    for _ in range(times):
        began = time.perf_counter_ns()
        work()
        taken.append((time.perf_counter_ns() - began) / 1000)
    cuts = quantiles(taken, n=PERCENT)
    return cuts[49], cuts[98]


def decisions(health: SharedHealth, link: str, times: int) -> tuple[float, float]:
    """Of decisions over one link."""
    return micros(lambda: health.allows(link), times)


def counts(health: SharedHealth, link: str, times: int) -> tuple[float, float]:
    """Of good calls that are counted."""
    return micros(lambda: health.record(link, error="", duration_ms=12), times)
