"""What else is affected by what went wrong in a run: other runs of the last day, with the filter that finds them."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from agents.models import LinkTrouble, Run
from console.screens.runs.query import Query, Term

LOOKED_BACK = timedelta(days=1)
SINCE = Term("since", "24h")
MOST_COUNTED = 500
MOST_LINKS = 3
ERROR_CHARACTERS = 60
SHORTEST_ERROR = 8
"""Fewer characters than these begin too many reasons."""
WRITTEN_WITHIN = timedelta(minutes=5)
"""Of a run's end, what its worker has counted is written down."""
SAYS_WHY = ("failed", "dead", "refused", "degraded", "flagged")
STOPPED = Term("status", ",".join(SAYS_WHY))
BAD_OR_WARNING = Term("severity", "warn,bad")
WARNING = 2


@dataclass(frozen=True, slots=True)
class Others:
    """How many other runs share something with this one, in words, and the filter text that lists them."""

    count: int
    words: str
    q: str

    @property
    def counted(self) -> str:
        """The number; with a plus where there are more than were counted."""
        return f"{MOST_COUNTED:,}+" if self.count > MOST_COUNTED else f"{self.count:,}"


def affected_by(run: Run) -> list[Others]:
    """Those with the same tool's trouble, the same error, or trouble in the same version; only what there is.

    At most six queries, each along an index and bounded.
    """
    since = timezone.now() - LOOKED_BACK
    found = [*_of_links(run, since), _of_error(run, since), _of_version(run, since)]
    return [others for others in found if others and others.count]


def _of_links(run: Run, since: datetime) -> Iterable[Others]:
    """By what the trouble of tools and LLMs did to runs, which is written down as it happens."""
    troubles = LinkTrouble.objects.filter(tenant=run.tenant_id)
    until = (run.ended_at or timezone.now()) + WRITTEN_WITHIN
    own = troubles.filter(run_id=run.pk, at__gte=run.created_at, at__lte=until)
    links: dict[str, list[str]] = defaultdict(list)
    for link in own.order_by("link").values_list("link", flat=True).distinct():
        links[_tool_of(link)].append(link)
    for tool, in_trouble in list(links.items())[:MOST_LINKS]:
        met = troubles.filter(link__in=in_trouble, at__gte=since).values("run_id")
        alike = _since(run, since).filter(pk__in=met)
        q = Query((Term("trouble", ",".join(in_trouble)), SINCE))
        yield Others(_bounded(alike), f"met the trouble of {tool}", str(q))


def _tool_of(link: str) -> str:
    """What people call it: the reference of an LLM's ``llm/<reference>``, the tool of ``<tool>/<implementation>``."""
    return link.removeprefix("llm/") if link.startswith("llm/") else link.rpartition("/")[0]


def _of_error(run: Run, since: datetime) -> Others | None:
    begins = _beginning(run.reason)
    if run.state not in SAYS_WHY or not begins:
        return None
    alike = _since(run, since).filter(state__in=SAYS_WHY, reason__istartswith=begins)
    return Others(_bounded(alike), "ended for the same reason", str(Query((STOPPED, Term("error", begins), SINCE))))


def _of_version(run: Run, since: datetime) -> Others | None:
    if run.severity < WARNING:
        return None
    name = f"{run.agent_name}@{run.version.number}"
    alike = _since(run, since).filter(version=run.version_id, severity__gte=WARNING)
    q = Query((Term("version", name), BAD_OR_WARNING, SINCE))
    words = f"of {run.agent_name} v{run.version.number} had trouble too"
    return Others(_bounded(alike), words, str(q))


def _since(run: Run, since: datetime) -> QuerySet[Run]:
    return Run.objects.filter(tenant=run.tenant_id, created_at__gte=since).exclude(pk=run.pk).order_by()


def _beginning(reason: str) -> str:
    """How it begins, as far as that fits between the quotes of a filter; "" when too little is left."""
    begins = reason.partition('"')[0].partition("\n")[0][:ERROR_CHARACTERS].strip()
    return begins if len(begins) >= SHORTEST_ERROR else ""


def _bounded(alike: QuerySet[Run]) -> int:
    return alike.values("pk")[: MOST_COUNTED + 1].count()
