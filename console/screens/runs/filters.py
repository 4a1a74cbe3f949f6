"""What each term of the filter text selects."""

from datetime import timedelta
from functools import reduce
from operator import or_

import django_filters
from django import forms
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from agents.contracts.endings import TERMINAL, WAITING
from agents.models import EventRow, Run
from agents.models.run import STATES
from console.screens.runs.bounds import BoundError, CostBound, parse_age, parse_cost
from console.screens.runs.query import Query

GROUPS: dict[str, frozenset[str]] = {
    "live": frozenset(state for state, _ in STATES) - TERMINAL,
    "waiting": frozenset(WAITING),
    "ended": frozenset(TERMINAL),
    "bad": frozenset({"failed", "refused", "dead"}),
}
STATUS_CHOICES = [*((state, state) for state, _ in STATES), *((group, group) for group in GROUPS)]


class CostField(forms.CharField):
    """A cost bound as people type it."""

    def to_python(self, value: str | None) -> CostBound | None:  # type: ignore[override]  # fields give what they mean
        """Raises ValidationError with the grammar."""
        if not value:
            return None
        try:
            return parse_cost(value)
        except BoundError as error:
            raise forms.ValidationError(str(error)) from error


class AgeField(forms.CharField):
    """A length of time as people type it."""

    def to_python(self, value: str | None) -> timedelta | None:  # type: ignore[override]  # fields give what they mean
        """Raises ValidationError with the grammar."""
        if not value:
            return None
        try:
            return parse_age(value)
        except BoundError as error:
            raise forms.ValidationError(str(error)) from error


class CostFilter(django_filters.Filter):
    """Runs that cost more or less than a bound; a share of the cap needs a cap."""

    field_class = CostField

    def filter(self, qs: QuerySet[Run], value: CostBound | None) -> QuerySet[Run]:
        """Integers only."""
        if value is None:
            return qs
        if value.nanos is not None:
            return qs.filter(**{"cost_nanos__gte" if value.above else "cost_nanos__lt": value.nanos})
        # Divided first: a product of large amounts would leave the range of the database's integers.
        bound = F("cap_nanos") / 100 * (value.percent or 0)
        return qs.filter(**{"cap_nanos__gt": 0, "cost_nanos__gte" if value.above else "cost_nanos__lt": bound})


class SinceFilter(django_filters.Filter):
    """Runs launched within the last stretch of time."""

    field_class = AgeField

    def filter(self, qs: QuerySet[Run], value: timedelta | None) -> QuerySet[Run]:
        """Counted back from now."""
        return qs.filter(created_at__gte=timezone.now() - value) if value else qs


class OneOf(django_filters.BaseInFilter, django_filters.CharFilter):
    """Any of several words, separated by commas."""


class RunFilter(django_filters.FilterSet):
    """The terms of a filter text as filters over runs; several terms must all hold."""

    status = django_filters.MultipleChoiceFilter(choices=STATUS_CHOICES, method="of_status")
    agent = OneOf(field_name="agent_name", lookup_expr="in")
    surface = OneOf(field_name="surface__slug", lookup_expr="in")
    user = OneOf(field_name="user", lookup_expr="in")
    session = OneOf(field_name="session", lookup_expr="in")
    llm = OneOf(field_name="llm", lookup_expr="in")
    tool = OneOf(method="that_called")
    cost = CostFilter()
    since = SinceFilter()

    def of_status(self, runs: QuerySet[Run], _name: str, values: list[str]) -> QuerySet[Run]:
        """States by name, or a group of them."""
        states: set[str] = set()
        for value in values:
            states |= GROUPS.get(value, {value})
        return runs.filter(state__in=states) if states else runs

    def that_called(self, runs: QuerySet[Run], _name: str, values: list[str]) -> QuerySet[Run]:
        """Runs in whose trace one of these tools was asked for."""
        calls = EventRow.objects.filter(run=OuterRef("pk"), data__tool__in=values)
        return runs.filter(Exists(calls)) if values else runs


def filter_runs(runs: QuerySet[Run], query: Query) -> tuple[QuerySet[Run], list[str]]:
    """The runs that match, and what of the query could not be used and why."""
    filters = RunFilter(_form_data(query), queryset=runs)
    if filters.is_valid():
        return _with_words(filters.qs, query.words), list(query.problems)
    problems = [_problem(key, error) for key, errors in filters.errors.items() for error in errors]
    return runs.none(), [*query.problems, *problems]


def _form_data(query: Query) -> dict[str, str | list[str]]:
    data: dict[str, str | list[str]] = {"status": query.values("status")}
    for key in ("agent", "surface", "user", "session", "llm", "tool"):
        data[key] = ",".join(query.values(key))
    for key in ("cost", "since"):
        data[key] = next(iter(query.values(key)), "")
    return data


def _problem(key: str, error: str) -> str:
    if key == "status":
        return f"Write a status such as {', '.join(value for value, _ in STATUS_CHOICES)}."
    return error


def _with_words(runs: QuerySet[Run], words: list[str]) -> QuerySet[Run]:
    """Each word must be somewhere: the end of the id, or part of what the row shows."""
    for word in words:
        places = ("agent_name", "surface__slug", "user", "session", "doing", "reason", "task", "launched_by")
        anywhere = [Q(id__iendswith=word), *(Q(**{f"{place}__icontains": word}) for place in places)]
        runs = runs.filter(reduce(or_, anywhere))
    return runs
