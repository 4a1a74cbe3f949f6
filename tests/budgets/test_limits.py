"""Whose limits apply: an end user's own, else the surface's."""

import pytest

from budgets.limits import NoTier, limits_for
from tests.budgets.conftest import USD, Till
from tests.tier_edit import limit


def test_a_users_override_goes_before_the_surfaces_tier(till: Till) -> None:
    limit(till.surface, run_nanos=USD, surface_day_nanos=9 * USD)
    limit(till.surface, "alice", run_nanos=2 * USD, at_cap="pause")
    alice, bob = (limits_for(surface=till.surface, user=user) for user in ("alice", "bob"))
    assert (alice.run_nanos, alice.at_cap) == (2 * USD, "pause")
    assert (bob.run_nanos, bob.at_cap) == (USD, "stop")
    assert alice.surface_day_nanos == bob.surface_day_nanos == 9 * USD


def test_the_tenants_limits_stand_beside_every_tier(till: Till) -> None:
    limit(till.tenant, tenant_day_nanos=3 * USD)
    limit(till.surface, run_nanos=None)
    limits = limits_for(surface=till.surface, user="")
    assert (limits.tenant_day_nanos, limits.tenant_month_nanos, limits.run_nanos) == (3 * USD, None, None)


def test_without_a_tier_nothing_may_start(till: Till) -> None:
    with pytest.raises(NoTier, match="free-chat"):
        limits_for(surface=till.surface, user="")
    limit(till.surface, "alice", run_nanos=USD)
    with pytest.raises(NoTier):
        limits_for(surface=till.surface, user="alice")
