"""Which limits apply to an end user on a surface: the most specific tier that says something decides each."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection, transaction

from budgets.models import Surface, Tenant, Tier
from budgets.tier_settings import limits_of
from budgets.tiers import Limits


class NoTier(LookupError):
    """Nobody has said what a run on this surface may cost, not even that it has no limit: it may not start."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """The tiers that cover one end user on one surface, and the limits that follow from them."""

    tiers: tuple[Tier, ...]
    limits: Limits


def limits_for(*, surface: Surface, user: str) -> Limits:
    """The limits for a run of `user` (may be empty); one query. Raises `NoTier`."""
    return coverage_of(surface=surface, user=user).limits


def coverage_of(*, surface: Surface, user: str) -> Coverage:
    """The limits with the tiers that they come from; one query. Raises `NoTier`."""
    found = tuple(Tier.objects.covering(surface.tenant_id, surface.pk, user))
    return Coverage(found, resolved(found, surface))


def resolved(tiers: Sequence[Tier], surface: Surface) -> Limits:
    """The limits that these tiers make. Raises `NoTier` when none of them, users' aside, has a limit for runs."""
    if not any("run_nanos" in tier.settings for tier in tiers if not tier.user):
        raise NoTier(f"Surface {surface.slug} has no tier; an operator has to set its limits first.")
    return limits_of(tiers)


def hold_tiers_still(tenant_id: int) -> str:
    """Until this transaction ends nobody edits a tier of the tenant, nor its time zone, which is returned.

    Whoever makes an account takes its limit from the tiers, and an edit must not pass between the two. Others that
    only read them go on.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("tiers are held still inside a transaction")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT timezone FROM budgets_tenant WHERE id = %s FOR SHARE", [tenant_id])
            return str(cursor.fetchone()[0])
    return Tenant.objects.values_list("timezone", flat=True).get(pk=tenant_id)


def lock_tiers(tenant_id: int) -> Tenant:
    """Until this transaction ends this one alone edits the tenant's tiers, and no account is made beside it."""
    return Tenant.objects.select_for_update(no_key=True).get(pk=tenant_id)
