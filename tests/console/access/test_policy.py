"""Who may do what."""

import pytest
from django.contrib.auth.models import AnonymousUser

from budgets.models import Tenant
from console.access.policy import (
    VERBS,
    Verb,
    approver_role,
    may,
    may_view,
    tenants_of,
    verb_to_switch,
    verbs_of,
)
from console.access.seed import seed_people
from console.models import Membership, User

pytestmark = pytest.mark.usefixtures("acme", "cast")

VIEW = {"view"}
RUNS = VIEW | {"launch", "kill", "pause", "resume", "acknowledge", "set_switch", "resolve_effect", "decide_routine"}
EXPECTED = {
    "acme_viewer": VIEW,
    "acme_operator": RUNS,
    "acme_approver": RUNS | {"decide_approval", "send_again", "top_up"},
    "acme_admin": set(VERBS) - {"set_prices", "set_wide_switch", "edit_agents", "edit_tools", "force_tools"},
    "globex_operator": set(),
    "admin": set(VERBS),
}


@pytest.mark.parametrize("username", EXPECTED)
def test_each_role_has_its_verbs_and_no_more(username: str, cast: dict[str, User], acme: Tenant) -> None:
    assert verbs_of(cast[username], acme) == EXPECTED[username]


def test_operator_may_kill_but_not_approve(cast: dict[str, User], acme: Tenant) -> None:
    operator = cast["acme_operator"]
    assert may(operator, acme, "kill")
    assert not may(operator, acme, "decide_approval")


def test_foreign_and_unknown_tenants_look_alike(cast: dict[str, User]) -> None:
    operator = cast["acme_operator"]
    assert may_view(operator, "globex") is None
    assert may_view(operator, "no-such-tenant") is None


def test_platform_admin_sees_every_tenant(cast: dict[str, User]) -> None:
    assert [tenant.slug for tenant in tenants_of(cast["admin"])] == ["acme", "globex"]


def test_nobody_sees_anything_before_signing_in(acme: Tenant) -> None:
    assert may_view(AnonymousUser(), "acme") is None
    assert verbs_of(AnonymousUser(), acme) == frozenset()


def test_a_deactivated_person_loses_everything(cast: dict[str, User], acme: Tenant) -> None:
    admin = cast["acme_admin"]
    admin.is_active = False
    assert may_view(admin, "acme") is None
    assert verbs_of(admin, acme) == frozenset()


def test_an_unknown_role_may_do_nothing(cast: dict[str, User], acme: Tenant) -> None:
    Membership.objects.filter(user=cast["acme_operator"], tenant=acme).update(role="emperor")
    assert verbs_of(cast["acme_operator"], acme) == frozenset()


def test_seeding_twice_changes_nobody(cast: dict[str, User]) -> None:
    from_before = set(Membership.objects.values_list("user__username", "tenant__slug", "role"))
    Membership.objects.filter(user=cast["acme_viewer"]).delete()
    seed_people()
    left = set(Membership.objects.values_list("user__username", "tenant__slug", "role"))
    assert from_before - left == {("acme_viewer", "acme", "viewer")}


def test_seeded_people_have_no_password(cast: dict[str, User]) -> None:
    assert not any(user.has_usable_password() for user in cast.values())


@pytest.mark.parametrize(
    ("username", "role"),
    [("acme_viewer", None), ("acme_operator", "operator"), ("acme_approver", "approver"), ("acme_admin", "admin")],
)
def test_each_role_approves_as_much_as_it_is(
    username: str, role: str | None, cast: dict[str, User], acme: Tenant
) -> None:
    assert approver_role(verbs_of(cast[username], acme)) == role


def test_a_switch_that_reaches_several_tenants_is_the_platforms(acme: Tenant) -> None:
    assert verb_to_switch("agent", acme) == verb_to_switch("surface", acme) == "set_switch"
    assert verb_to_switch("agent", None) == verb_to_switch("everything", None) == "set_wide_switch"


@pytest.mark.parametrize(
    ("verb", "who"),
    [
        ("kill", {"acme_operator", "acme_approver", "acme_admin", "admin"}),
        ("set_switch", {"acme_operator", "acme_approver", "acme_admin", "admin"}),
        ("set_tenant_switch", {"acme_admin", "admin"}),
        ("set_wide_switch", {"admin"}),
    ],
)
def test_the_wider_a_stop_the_fewer_may_set_it(verb: Verb, who: set[str], cast: dict[str, User], acme: Tenant) -> None:
    assert {username for username, user in cast.items() if may(user, acme, verb)} == who
