"""What each term of the filter text selects."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator

import django_filters
from django.db.models import Exists, OuterRef, Q, QuerySet

from agents.contracts.endings import TERMINAL, WAITING
from agents.models import AgentVersion, EventRow, LinkTrouble, Run
from agents.models.run import STATES
from console.screens.runs.bounds import BoundError, parse_version
from console.screens.runs.fields import CostFilter, WithinFilter
from console.screens.runs.live import VIEWS, in_view, live_among
from console.screens.runs.query import Query
from console.screens.runs.tiers import any_of, in_tiers
from console.screens.runs.urgency import LiveRun

GROUPS: dict[str, frozenset[str]] = {
    "live": frozenset(state for state, _ in STATES) - TERMINAL,
    "waiting": frozenset(WAITING),
    "ended": frozenset(TERMINAL),
    "bad": frozenset({"failed", "refused", "dead"}),
}
STATUS_CHOICES = [*((state, state) for state, _ in STATES), *((group, group) for group in GROUPS)]


SEVERITIES = {"calm": 0, "notice": 1, "warn": 2, "bad": 3}
WORDS = ("agent", "surface", "user", "session", "by", "llm", "tool", "trouble", "tier", "version", "severity")


class OneOf(django_filters.BaseInFilter, django_filters.CharFilter):
    """Any of several words, separated by commas."""


class RunFilter(django_filters.FilterSet):
    """The terms of a filter text as filters over runs; several terms must all hold.

    It has the filters that something is given for: a form of all, most of them empty, takes a tenth of a page's time.
    """

    def __init__(self, data: dict[str, str | list[str]], *, queryset: QuerySet[Run]) -> None:
        self.base_filters = OrderedDict((name, each) for name, each in self.base_filters.items() if name in data)
        super().__init__(data, queryset=queryset)

    status = django_filters.MultipleChoiceFilter(choices=STATUS_CHOICES, method="of_status")
    severity = OneOf(method="of_severity")
    agent = OneOf(field_name="agent_name", lookup_expr="in")
    version = OneOf(method="of_version")
    surface = OneOf(field_name="surface__slug", lookup_expr="in")
    tier = OneOf(method="of_tier")
    user = OneOf(field_name="user", lookup_expr="in")
    session = OneOf(field_name="session", lookup_expr="in")
    by = OneOf(field_name="launched_by", lookup_expr="in")
    llm = OneOf(field_name="llm", lookup_expr="in")
    tool = OneOf(method="that_called")
    trouble = OneOf(method="that_met_trouble")
    error = django_filters.CharFilter(field_name="reason", lookup_expr="istartswith")
    cost = CostFilter()
    since = WithinFilter(field_name="created_at")
    ended = WithinFilter(field_name="ended_at")

    def of_status(self, runs: QuerySet[Run], _name: str, values: list[str]) -> QuerySet[Run]:
        """States by name, or a group of them."""
        states = states_of(values)
        return runs.filter(state__in=states) if states else runs

    def of_severity(self, runs: QuerySet[Run], _name: str, values: list[str]) -> QuerySet[Run]:
        """As bad as one of these words says, no better and no worse."""
        return runs.filter(severity__in=[SEVERITIES[value] for value in values])

    def of_version(self, runs: QuerySet[Run], _name: str, values: list[str]) -> QuerySet[Run]:
        """Bound to one of these versions of an agent."""
        wanted = [parse_version(value) for value in values]
        versions = AgentVersion.objects.filter(any_of(Q(agent__name=name, number=number) for name, number in wanted))
        return runs.filter(version__in=versions)

    def of_tier(self, runs: QuerySet[Run], _name: str, values: list[str]) -> QuerySet[Run]:
        """Runs whose limits come from one of these tiers."""
        return in_tiers(runs, values)

    def that_called(self, runs: QuerySet[Run], _name: str, values: list[str]) -> QuerySet[Run]:
        """Runs in whose trace one of these tools was asked for."""
        calls = EventRow.objects.filter(run=OuterRef("pk"), data__tool__in=values)
        return runs.filter(Exists(calls)) if values else runs

    def that_met_trouble(self, runs: QuerySet[Run], _name: str, values: list[str]) -> QuerySet[Run]:
        """Runs that a fault of one of these reached: ``stock`` for any link of its chain, ``stock/live`` for one."""
        return runs.filter(in_trouble(values)) if values else runs


def in_trouble(names: Iterable[str]) -> Exists:
    """Whether the trouble of a tool, or of one of its links, is written down for a run."""
    link = any_of(Q(link=name) if "/" in name else Q(link__startswith=f"{name}/") for name in names)
    return Exists(LinkTrouble.objects.filter(link, tenant=OuterRef("tenant"), run_id=OuterRef("pk")))


def states_of(values: Iterable[str]) -> set[str]:
    """The states that words of a status name, groups taken apart."""
    states: set[str] = set()
    for value in values:
        states |= GROUPS.get(value, {value})
    return states


def only_live(query: Query) -> bool:
    """Whether no run that has ended can match: asking for one would walk past all of them."""
    states = states_of(query.values("status"))
    return bool(query.values("is")) or (bool(states) and not states & TERMINAL)


def filter_runs(
    runs: QuerySet[Run], query: Query, *, live: list[LiveRun] | None = None
) -> tuple[QuerySet[Run], list[str]]:
    """The runs that match, and what of the query could not be used and why.

    ``live`` are those of them that have not ended, where they have been read already.
    """
    found, faults = _by_keys(runs, query)
    problems = [*query.problems, *faults]
    if faults:
        return runs.none(), problems
    return _in_views(_with_words(found, query.words), query.values("is"), live), problems


def _by_keys(runs: QuerySet[Run], query: Query) -> tuple[QuerySet[Run], list[str]]:
    """What the terms with keys leave, and what is wrong with their values."""
    filters = RunFilter(_form_data(query), queryset=runs)
    problems = [_problem(key, str(error)) for key, errors in filters.errors.items() for error in errors]
    faults = [*_wrong_words(query), *problems]
    return (runs if faults else filters.qs), faults


def _form_data(query: Query) -> dict[str, str | list[str]]:
    """What is given for each key, but for ``is``, which is no field of a run."""
    given = {key: query.values(key) for key in {term.key for term in query.terms} - {"", "is"}}
    return {
        key: values if key == "status" else ",".join(values) if key in WORDS else next(iter(values), "")
        for key, values in given.items()
    }


def _problem(key: str, error: str) -> str:
    if key == "status":
        return f"Write a status such as {', '.join(value for value, _ in STATUS_CHOICES)}."
    return error


def _wrong_words(query: Query) -> Iterator[str]:
    """What stands for a severity, a view or a version and is none."""
    if set(query.values("severity")) - set(SEVERITIES):
        yield f"Write a severity: {', '.join(SEVERITIES)}."
    if set(query.values("is")) - set(VIEWS):
        yield f"Runs can be {' or '.join(f'is:{view}' for view in VIEWS)}."
    try:
        for value in query.values("version"):
            parse_version(value)
    except BoundError as error:
        yield str(error)


def _in_views(runs: QuerySet[Run], views: list[str], live: list[LiveRun] | None) -> QuerySet[Run]:
    """Live runs that burn or are stuck now."""
    if not views:
        return runs
    among = live_among(runs.order_by()) if live is None else live
    return runs.filter(pk__in=[run.id for run in in_view(among, views)])


def _with_words(runs: QuerySet[Run], words: list[str]) -> QuerySet[Run]:
    """Each word must be somewhere: the end of the id, or part of what the row shows."""
    for word in words:
        places = ("agent_name", "surface__slug", "user", "session", "doing", "reason", "task", "launched_by")
        runs = runs.filter(any_of([Q(id__iendswith=word), *(Q(**{f"{place}__icontains": word}) for place in places)]))
    return runs
