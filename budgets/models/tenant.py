"""A tenant: who the money belongs to, and in which time zone its days begin."""

from typing import Self

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.timezone import now

from budgets.periods import PeriodError, zone


def validate_timezone(name: str) -> None:
    """Refuses names that are no IANA time zone."""
    try:
        zone(name)
    except PeriodError as error:
        raise ValidationError(str(error)) from error


class TenantQuerySet(models.QuerySet["Tenant"]):
    """Filters over tenants."""

    def named(self, slug: str) -> Self:
        """The tenant of this slug, or none."""
        return self.filter(slug=slug)


class Tenant(models.Model):
    """A customer of this installation; what it may spend is in its tiers."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    timezone = models.CharField(max_length=64, default="UTC", validators=[validate_timezone])
    created_at = models.DateTimeField(default=now, editable=False)

    objects = TenantQuerySet.as_manager()

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.name
