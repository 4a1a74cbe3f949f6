"""The terms of a filter that are more than a word: costs and ages, as form fields and as filters."""

from datetime import timedelta

import django_filters
from django import forms
from django.db.models import F, QuerySet
from django.utils import timezone

from agents.models import Run
from console.screens.runs.bounds import BoundError, CostBound, parse_age, parse_cost

FEW_RUNS = timedelta(days=1)
"""The runs of so long a time are few among those of months."""


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


class WithinFilter(django_filters.Filter):
    """Runs that were launched, or that ended, within the last stretch of time."""

    field_class = AgeField

    def filter(self, qs: QuerySet[Run], value: timedelta | None) -> QuerySet[Run]:
        """Counted back from now. The runs of a short time are found first, by the index of that time.

        Else the index of another term, or that of the order, is walked through the whole history to find them.
        """
        if not value:
            return qs
        within = {f"{self.field_name}__gte": timezone.now() - value}
        if value > FEW_RUNS:
            return qs.filter(**within)
        everything: QuerySet[Run] = self.parent.queryset  # type: ignore[attr-defined]  # its set, says django-filter
        return qs.filter(pk__in=everything.filter(**within).order_by().values("pk"))
