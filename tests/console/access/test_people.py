"""The verbs on people: what they do, what they write down, and whom they leave alone."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from budgets.models import Action, Tenant
from console.access.people import (
    PersonRefused,
    add_member,
    change_role,
    disable,
    enable,
    let_in,
    may_let_in,
    remove_member,
)
from console.access.sign_in_links import create_link, find_link
from console.access.tokens import find_token, make_token
from console.live.access import NO_ACCESS, SIGNED_OUT, Refusal, still_admitted
from console.models import Membership, User
from tests.console.conftest import SignedIn

Cast = dict[str, User]
Member = Callable[[str], Membership]
LATER = timedelta(days=1)


@pytest.fixture
def member(cast: Cast) -> Member:
    """The membership of somebody of the cast."""

    def found(username: str) -> Membership:
        return Membership.objects.select_related("user", "tenant").get(user=cast[username])

    return found


def token_of(path: str) -> str:
    """What a link's path ends with."""
    return path.rstrip("/").rpartition("/")[2]


def key_of(client: Client) -> str | None:
    """The key of the session behind a browser."""
    return client.session.session_key


def test_somebody_new_is_made_without_a_password_and_let_in_by_a_link(acme: Tenant, cast: Cast) -> None:
    added = add_member(tenant=acme, username="ada", role="operator", actor=cast["acme_admin"])
    assert added.is_new
    assert not added.member.user.has_usable_password()
    link = find_link(token_of(let_in(member=added.member, actor=cast["acme_admin"])))
    assert link is not None
    assert link.user.username == "ada"
    noted = Action.objects.order_by("pk").values_list("actor", "verb", "target", "tenant", "after")
    assert list(noted)[-2:] == [
        ("acme_admin", "person.add", "person ada", acme.pk, {"role": "operator"}),
        ("acme_admin", "person.sign_in_link", "person ada", acme.pk, {"valid_minutes": 60}),
    ]


@pytest.mark.parametrize("username", ["", "a b", "é", "-a", "a" * 61, "a/b", "<b>"])
def test_a_name_that_cannot_be_is_refused_and_nothing_is_kept(username: str, acme: Tenant, cast: Cast) -> None:
    with pytest.raises(PersonRefused, match="letters, digits") as refused:
        add_member(tenant=acme, username=username, role="viewer", actor=cast["admin"])
    assert refused.value.field == "username"
    assert not User.objects.filter(username=username).exists()


@pytest.mark.parametrize(
    ("actor", "username", "why"),
    [
        ("acme_admin", "acme_viewer", "is in acme already"),
        ("acme_admin", "ACME_viewer", "capitals"),
        ("acme_admin", "globex_operator", "Somebody has this name"),
        ("acme_admin", "admin", "Somebody has this name"),
        ("admin", "admin", "admin of the platform"),
    ],
)
def test_a_taken_name_is_refused(actor: str, username: str, why: str, acme: Tenant, cast: Cast) -> None:
    before = Membership.objects.count()
    with pytest.raises(PersonRefused, match=why) as refused:
        add_member(tenant=acme, username=username, role="viewer", actor=cast[actor])
    assert refused.value.field == "username"
    assert Membership.objects.count() == before


def test_an_unknown_role_is_refused_everywhere(acme: Tenant, cast: Cast, member: Member) -> None:
    with pytest.raises(PersonRefused, match="Choose one of"):
        add_member(tenant=acme, username="ada", role="owner", actor=cast["acme_admin"])
    with pytest.raises(PersonRefused, match="Choose one of"):
        change_role(member=member("acme_viewer"), role="owner", actor=cast["acme_admin"])
    assert not User.objects.filter(username="ada").exists()


def test_whoever_is_added_elsewhere_too_keeps_no_open_link(acme: Tenant, cast: Cast) -> None:
    token = token_of(create_link(username="globex_operator"))
    assert find_link(token) is not None
    added = add_member(tenant=acme, username="globex_operator", role="viewer", actor=cast["admin"])
    assert not added.is_new
    assert find_link(token) is None


def test_only_who_is_in_charge_of_all_that_a_person_is_in_may_let_them_in(
    acme: Tenant, globex: Tenant, cast: Cast, member: Member
) -> None:
    admin, both = cast["acme_admin"], cast["acme_viewer"]
    assert may_let_in(person=both, actor=admin)
    Membership.objects.create(user=both, tenant=globex, role="viewer")
    assert not may_let_in(person=both, actor=admin)
    assert not may_let_in(person=cast["admin"], actor=admin)
    assert may_let_in(person=both, actor=cast["admin"])
    with pytest.raises(PersonRefused, match="not yours"):
        let_in(member=Membership.objects.get(user=both, tenant=acme), actor=admin)
    Membership.objects.create(user=admin, tenant=globex, role="admin")
    assert may_let_in(person=both, actor=admin)
    assert not may_let_in(person=member("acme_operator").user, actor=cast["acme_operator"])


def test_a_new_link_ends_the_older(cast: Cast, member: Member) -> None:
    first = let_in(member=member("acme_viewer"), actor=cast["acme_admin"])
    second = let_in(member=member("acme_viewer"), actor=cast["acme_admin"])
    assert find_link(token_of(first)) is None
    assert find_link(token_of(second)) is not None


def test_a_role_is_changed_once_and_noted(cast: Cast, member: Member) -> None:
    assert change_role(member=member("acme_viewer"), role="approver", actor=cast["acme_admin"])
    assert not change_role(member=member("acme_viewer"), role="approver", actor=cast["acme_admin"])
    noted = Action.objects.get(verb="person.role")
    assert (noted.before, noted.after) == ({"role": "viewer"}, {"role": "approver"})
    assert (noted.actor, noted.target, noted.tenant) == (
        "acme_admin",
        "person acme_viewer",
        member("acme_viewer").tenant,
    )


def test_nobody_changes_or_removes_themselves(cast: Cast, member: Member) -> None:
    own = member("acme_admin")
    Membership.objects.filter(user=cast["acme_viewer"]).update(role="admin")
    with pytest.raises(PersonRefused, match="This is you"):
        change_role(member=own, role="viewer", actor=cast["acme_admin"])
    with pytest.raises(PersonRefused, match="This is you"):
        remove_member(member=own, actor=cast["acme_admin"])
    with pytest.raises(PersonRefused, match="yourself"):
        disable(person=cast["admin"], actor=cast["admin"])
    assert member("acme_admin").role == "admin"


def test_the_last_admin_stays_until_there_is_another_who_may_sign_in(cast: Cast, member: Member) -> None:
    last, platform = member("acme_admin"), cast["admin"]
    Membership.objects.filter(user=cast["acme_viewer"]).update(role="admin")
    User.objects.filter(username="acme_viewer").update(is_active=False)
    with pytest.raises(PersonRefused, match="last admin of acme"):
        change_role(member=last, role="viewer", actor=platform)
    with pytest.raises(PersonRefused, match="last admin of acme"):
        remove_member(member=last, actor=platform)
    User.objects.filter(username="acme_viewer").update(is_active=True)
    assert change_role(member=last, role="viewer", actor=platform)
    with pytest.raises(PersonRefused, match="last admin of acme"):
        remove_member(member=member("acme_viewer"), actor=platform)


def test_whoever_is_removed_sees_and_calls_nothing_there_any_more(
    acme: Tenant, cast: Cast, member: Member, signed_in: SignedIn
) -> None:
    person, browser = cast["acme_operator"], signed_in("acme_operator")
    make_token(user=person, tenant=acme, name="ci", verbs=["view"], expires_at=timezone.now() + LATER)
    key = key_of(browser)
    assert still_admitted(key, "acme") is None
    gone = member("acme_operator")
    remove_member(member=gone, actor=cast["acme_admin"])
    assert still_admitted(key, "acme") == Refusal(NO_ACCESS)
    assert browser.get("/t/acme/people/").status_code == 404
    assert list(person.api_tokens.values_list("revoked_at", flat=True)) != [None]
    noted = Action.objects.get(verb="person.remove")
    assert (noted.before, noted.after) == ({"role": "operator"}, {"tokens_revoked": 1})
    with pytest.raises(PersonRefused, match="meanwhile"):
        remove_member(member=gone, actor=cast["acme_admin"])


def test_whoever_is_disabled_is_out_everywhere_until_enabled(acme: Tenant, cast: Cast, signed_in: SignedIn) -> None:
    person, browser = cast["acme_operator"], signed_in("acme_operator")
    _, text = make_token(user=person, tenant=acme, name="ci", verbs=["view"], expires_at=timezone.now() + LATER)
    link, key = token_of(create_link(username="acme_operator")), key_of(browser)
    assert disable(person=person, actor=cast["admin"])
    assert not disable(person=person, actor=cast["admin"])
    assert still_admitted(key, "acme") == Refusal(SIGNED_OUT)
    assert (find_token(text), find_link(link)) == (None, None)
    assert enable(person=person, actor=cast["admin"])
    assert not enable(person=person, actor=cast["admin"])
    assert find_token(text) is not None
    assert find_link(link) is None
    noted = Action.objects.filter(verb__in=("person.disable", "person.enable")).order_by("pk")
    assert [(row.verb, row.tenant, row.actor) for row in noted] == [
        ("person.disable", acme, "admin"),
        ("person.enable", acme, "admin"),
    ]


def test_only_the_platform_disables_and_whoever_was_shut_out_does_not(cast: Cast) -> None:
    with pytest.raises(PersonRefused, match="platform"):
        disable(person=cast["acme_viewer"], actor=cast["acme_admin"])
    with pytest.raises(PersonRefused, match="platform"):
        enable(person=cast["acme_viewer"], actor=cast["acme_admin"])
    other = User.objects.create_user("other_admin", is_platform_admin=True)
    assert disable(person=cast["admin"], actor=other)
    with pytest.raises(PersonRefused, match="platform"):
        disable(person=other, actor=cast["admin"])
    assert User.objects.get(username="other_admin").is_active
