"""Which limits apply to an end user on a surface: an override for this user, else the surface's own tier."""

from dataclasses import replace

from budgets.models import Surface, Tier
from budgets.tiers import Limits


class NoTier(LookupError):
    """The surface has no tier, so nobody has said what a run may cost: it may not start."""


def limits_for(*, surface: Surface, user: str) -> Limits:
    """The limits for a run of `user` (may be empty), with the tenant's own; one query. Raises `NoTier`.

    The surface's daily limit is always the surface's own: all its users share that account.
    """
    found = list(Tier.objects.that_apply(surface, user).select_related("surface__tenant"))
    if not found or found[-1].user:
        raise NoTier(f"Surface {surface.slug} has no tier; an operator has to set its limits first.")
    override, own = found[0].to_limits(), found[-1].to_limits()
    return replace(override, surface_day_nanos=own.surface_day_nanos)
