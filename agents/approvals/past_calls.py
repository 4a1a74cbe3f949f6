"""What a rule would have asked for: the calls that LLMs really made in the past days, judged by it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from agents.approvals.rules import Rule
from agents.contracts.base import JsonObject
from agents.models import Run, StepRow
from budgets.models import Tenant

WITHIN = timedelta(days=7)
MOST_RUNS = 2_000
CHUNK = 400


@dataclass(frozen=True, slots=True)
class Past:
    """Of the calls that its tool was called with: how many it would have spoken of.

    ``runs`` are those that were looked at; not ``complete`` when there were more.
    """

    calls: int
    spoken: int
    runs: int
    complete: bool


def past_of(rule: Rule, *, tenant: Tenant, now: datetime) -> Past:
    """What it would have done within seven days in this tenant, were it the only one."""
    recent = Run.objects.filter(tenant=tenant, created_at__gte=now - WITHIN).order_by("-created_at")
    run_ids = list(recent.values_list("pk", flat=True)[: MOST_RUNS + 1])
    calls = spoken = 0
    for tool, arguments in _calls_of(run_ids[:MOST_RUNS]):
        if fnmatchcase(tool, rule.tool):
            calls += 1
            spoken += rule.fits(tool, arguments)
    return Past(calls, spoken, min(len(run_ids), MOST_RUNS), len(run_ids) <= MOST_RUNS)


def _calls_of(run_ids: Sequence[str]) -> Iterator[tuple[str, JsonObject]]:
    for start in range(0, len(run_ids), CHUNK):
        steps = StepRow.objects.filter(run__in=run_ids[start : start + CHUNK], kind="llm")
        for calls in steps.values_list("output__message__calls", flat=True).iterator():
            for call in calls or ():
                if isinstance(call.get("arguments"), dict):
                    yield str(call.get("name")), call["arguments"]
