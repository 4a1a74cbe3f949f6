"""What a run like the one that is being typed is likely to cost and to take, from those that have ended before."""

from collections.abc import Sequence
from dataclasses import dataclass

from agents.contracts.endings import TERMINAL
from agents.models import Run
from budgets.models import Surface
from console.screens.elapsed import took_ms

LOOKED_AT = 50
READ = 4 * LOOKED_AT
"""Rows that are looked through for those with the same LLM."""
ENOUGH, ENOUGH_OF_THE_LLM = 5, 10
BY_THEMSELVES = sorted(TERMINAL - {"refused", "killed"})
"""Runs that never began, or that a person cut short, say nothing about the next one."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Medians and 95th percentiles of `runs` runs; cost in nano-USD, time from launch to end."""

    runs: int
    llm: str
    p50_nanos: int
    p95_nanos: int
    p50_ms: int
    p95_ms: int


def estimate(*, surface: Surface, agent_name: str, llm: str) -> Estimate | None:
    """From the last runs of this agent on this surface, with this LLM where these are enough; None for too few.

    One query along an index of the surface's runs.
    """
    alike = Run.objects.filter(surface=surface, agent_name=agent_name, state__in=BY_THEMSELVES)
    newest = list(alike.order_by("-created_at").only("cost_nanos", "created_at", "ended_at", "llm")[:READ])
    of_the_llm = [run for run in newest if run.llm == llm][:LOOKED_AT]
    if len(of_the_llm) >= ENOUGH_OF_THE_LLM:
        return _estimate(of_the_llm, llm)
    return _estimate(newest[:LOOKED_AT], "") if len(newest) >= ENOUGH else None


def percentile(values: Sequence[int], percent: int) -> int:
    """The smallest value that so many percent of all do not exceed."""
    ranked = sorted(values)
    return ranked[max(0, -(-len(ranked) * percent // 100) - 1)]


def _estimate(runs: Sequence[Run], llm: str) -> Estimate:
    costs = [run.cost_nanos for run in runs]
    times = [took_ms(run) or 0 for run in runs]
    return Estimate(
        runs=len(runs),
        llm=llm,
        p50_nanos=percentile(costs, 50),
        p95_nanos=percentile(costs, 95),
        p50_ms=percentile(times, 50),
        p95_ms=percentile(times, 95),
    )
