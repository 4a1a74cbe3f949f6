"""The runs of one tenant that a tool's trouble reached, as its page tells of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from agents.models import LinkTrouble, Run
from agents.tools.affected import AffectedRun
from budgets.models import Tenant
from console.live.status import Tone, run_status
from console.screens.tools.known import KnownTool

WORDS = {
    "failed": "a call failed",
    "slow": "a call took too long",
    "passed_over": "passed over, its breaker was open",
    "degraded": "went on without the tool",
}


@dataclass(frozen=True, slots=True)
class Hit:
    """One run with what it met, in words."""

    run: Run
    at: datetime
    words: str


def hits_of(found: Iterable[AffectedRun]) -> list[Hit]:
    """The worst of what each met comes last, as it happens in a chain."""
    return [Hit(each.run, each.at, _words(each)) for each in found]


def outcomes_of(tool: KnownTool, tenant: Tenant, since: datetime) -> list[tuple[str, int, Tone]]:
    """How all runs that met its trouble stand now, as (word, runs, tone), the most first; in one query."""
    met = LinkTrouble.objects.filter(tenant=tenant, link__in=tool.links, at__gte=since).values("run_id")
    states = Run.objects.filter(tenant=tenant, pk__in=met).values("state").annotate(runs=Count("pk"))
    counts = states.order_by("-runs", "state").values_list("state", "runs")
    return [(run_status(state).word, runs, run_status(state).tone) for state, runs in counts]


def _words(each: AffectedRun) -> str:
    names = ", ".join(sorted(link.partition("/")[2] for link in each.links))
    told = "; ".join(words for what, words in WORDS.items() if what in each.what)
    return f"{names}: {told}"
