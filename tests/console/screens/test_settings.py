"""The settings page: one's own start, password, sessions and tokens, and nobody else's."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from budgets.models import Action, Tenant
from console.access.sessions import browser_words
from console.access.sign_in_links import create_link
from console.access.tokens import find_token, make_token
from console.models import ApiToken, Membership, SignedIn, User
from tests.console.conftest import SignedIn as SignIn

pytestmark = pytest.mark.usefixtures("cast", "acme")
ADDRESS = "/t/acme/settings/"
OLD, NEW = "a long old passphrase", "quite another passphrase"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def through_the_door(username: str = "acme_operator") -> Client:
    """A browser that signed in by a link, as people do."""
    client = Client(HTTP_USER_AGENT=FIREFOX)
    assert client.post(create_link(username=username)).status_code == 302
    return client


def is_in(client: Client) -> bool:
    """Whether this browser is still signed in."""
    return client.get(ADDRESS).status_code == 200


def with_password(user: User) -> User:
    """Somebody who has a password."""
    user.set_password(OLD)
    user.save()
    return user


def a_token(user: User, tenant: Tenant, **changes: Any) -> tuple[ApiToken, str]:
    """A good one."""
    given: dict[str, Any] = {"name": "ci", "verbs": ["view"], "expires_at": timezone.now() + timedelta(days=1)}
    return make_token(user=user, tenant=tenant, **{**given, **changes})


def test_the_page_asks_few_questions_and_shows_every_choice(
    cast: dict[str, User], acme: Tenant, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    browser = through_the_door()
    for _ in range(3):
        a_token(cast["acme_operator"], acme)
        through_the_door()
    is_in(browser)
    with django_assert_max_num_queries(12):
        page = browser.get(ADDRESS).content.decode()
    for name in ("theme", "density", "time", "keys"):
        assert f'class="choice" data-setting="{name}"' in page
    assert page.count("Firefox on Linux</strong>") == 4
    assert page.count("this one") == 1


# Where one starts ------------------------------------------------------------------------------------------------


def test_one_starts_where_one_chose_as_long_as_it_is_there(cast: dict[str, User], globex: Tenant) -> None:
    admin = through_the_door("admin")
    assert admin.get("/")["Location"] == "/all/"
    admin.post(f"{ADDRESS}start/", {"home_tenant": globex.pk, "home_page": "budgets:list"})
    assert admin.get("/")["Location"] == "/t/globex/budgets/"
    User.objects.filter(pk=cast["acme_operator"].pk).update(home_tenant=globex, home_page="secrets:set")
    assert through_the_door().get("/")["Location"] == "/t/acme/"


@pytest.mark.parametrize(
    "given", [{"home_page": "https://example.com"}, {"home_tenant": "theirs"}, {"home_tenant": "x"}]
)
def test_one_cannot_start_where_one_may_not_look(given: dict[str, str], globex: Tenant) -> None:
    sent = {name: str(globex.pk) if value == "theirs" else value for name, value in given.items()}
    assert through_the_door().post(f"{ADDRESS}start/", sent).status_code == 422


# Password --------------------------------------------------------------------------------------------------------


def test_a_new_password_keeps_this_session_and_ends_the_others(cast: dict[str, User]) -> None:
    with_password(cast["acme_operator"])
    here, there, hers = through_the_door(), through_the_door(), through_the_door("acme_viewer")
    answer = here.post(f"{ADDRESS}password/", {"present": OLD, "new": NEW, "again": NEW})
    assert answer["Location"] == ADDRESS
    assert (is_in(here), is_in(there), is_in(hers)) == (True, False, True)
    assert User.objects.get(username="acme_operator").check_password(NEW)
    assert SignedIn.objects.filter(user=cast["acme_operator"]).count() == 1
    row = Action.objects.get(verb="password.change")
    assert (row.actor, row.after) == ("acme_operator", {"sessions_ended": 1})
    assert NEW not in str(Action.objects.values_list())


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        ({"present": "wrong"}, "present", "not your present password"),
        ({"new": "short", "again": "short"}, "new", "at least 12"),
        ({"new": "password1234", "again": "password1234"}, "new", "too common"),
        ({"again": "another passphrase, alas"}, "again", "differ"),
    ],
)
def test_what_is_wrong_with_a_password_is_said_and_nothing_changes(
    change: dict[str, str], field: str, said: str, cast: dict[str, User]
) -> None:
    with_password(cast["acme_operator"])
    answer = through_the_door().post(f"{ADDRESS}password/", {"present": OLD, "new": NEW, "again": NEW, **change})
    assert answer.status_code == 422
    assert said in str(answer.context["password_form"].errors[field])
    assert NEW not in answer.content.decode()
    assert User.objects.get(username="acme_operator").check_password(OLD)


def test_guessing_the_present_password_has_to_wait(cast: dict[str, User]) -> None:
    with_password(cast["acme_operator"])
    browser = through_the_door()
    for _ in range(5):
        browser.post(f"{ADDRESS}password/", {"present": "guess", "new": NEW, "again": NEW})
    answer = browser.post(f"{ADDRESS}password/", {"present": OLD, "new": NEW, "again": NEW})
    assert "Too many wrong passwords" in str(answer.context["password_form"].errors["present"])


def test_who_signs_in_by_links_alone_may_set_a_first_password(cast: dict[str, User]) -> None:
    assert not cast["acme_operator"].has_usable_password()
    browser = through_the_door()
    assert "Present password" not in browser.get(ADDRESS).content.decode()
    assert browser.post(f"{ADDRESS}password/", {"new": NEW, "again": NEW}).status_code == 302
    assert is_in(browser)


# Sessions --------------------------------------------------------------------------------------------------------


def test_one_session_or_all_others_are_ended(cast: dict[str, User]) -> None:
    here, there, third = through_the_door(), through_the_door(), through_the_door()
    key = there.session.session_key
    there_row = SignedIn.objects.get(session_key=key)
    here.post(f"{ADDRESS}sessions/{there_row.pk}/end/")
    assert (is_in(here), is_in(there), is_in(third)) == (True, False, True)
    assert not Session.objects.filter(session_key=key).exists()
    here.post(f"{ADDRESS}sessions/end/")
    assert (is_in(here), is_in(third)) == (True, False)
    assert Action.objects.filter(verb="session.end", actor="acme_operator").count() == 2
    assert SignedIn.objects.filter(user=cast["acme_operator"]).count() == 1


def test_sessions_of_others_are_not_found_and_those_that_are_over_are_forgotten() -> None:
    hers = through_the_door("acme_viewer")
    row = SignedIn.objects.get()
    assert through_the_door().post(f"{ADDRESS}sessions/{row.pk}/end/").status_code == 404
    hers.post("/sign-out/")
    through_the_door("acme_viewer")
    assert not SignedIn.objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox on Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("<script>", "unknown browser"),
    ],
)
def test_a_browser_is_called_as_its_owner_calls_it(agent: str, words: str) -> None:
    assert browser_words(agent) == words


# Tokens ----------------------------------------------------------------------------------------------------------


def test_a_token_is_shown_once_and_a_row(cast: dict[str, User]) -> None:
    browser = through_the_door()
    given = {"name": "night job", "verbs": ["view", "launch"], "days": "7"}
    made = browser.post(f"{ADDRESS}tokens/new/", given, headers={"HX-Request": "true"}).content.decode()
    found = re.search(r"wf_[\w-]{43}", made)
    assert found
    token = find_token(found[0])
    assert token is not None
    assert (token.user, token.verbs, token.name) == (cast["acme_operator"], ["view", "launch"], "night job")
    assert token.expires_at - timezone.now() < timedelta(days=7)
    page = browser.get(ADDRESS).content.decode()
    assert "night job" in page
    assert "wf_" not in page
    row = Action.objects.get(verb="token.make")
    assert (row.actor, row.after["verbs"]) == ("acme_operator", ["view", "launch"])
    assert found[0] not in str(Action.objects.values_list())


@pytest.mark.parametrize("given", [{}, {"name": "x"}, {"name": "x", "verbs": ["launch"], "days": "9999"}])
def test_a_token_needs_a_name_a_use_and_an_end(given: dict[str, Any]) -> None:
    assert through_the_door().post(f"{ADDRESS}tokens/new/", given).status_code == 422
    assert not ApiToken.objects.exists()


def test_nobody_is_offered_more_than_their_role() -> None:
    viewer = through_the_door("acme_viewer")
    assert "Launch runs" not in viewer.get(f"{ADDRESS}tokens/new/").content.decode()
    given = {"name": "x", "verbs": ["view", "launch"], "days": "7"}
    assert viewer.post(f"{ADDRESS}tokens/new/", given).status_code == 422


def test_a_token_is_revoked_by_its_person_alone(cast: dict[str, User], acme: Tenant) -> None:
    token, text = a_token(cast["acme_operator"], acme)
    address = f"{ADDRESS}tokens/{token.pk}/revoke/"
    assert through_the_door("acme_admin").post(address).status_code == 404
    browser = through_the_door()
    assert "never used" in browser.get(address).content.decode()
    assert browser.post(address).status_code == 302
    assert find_token(text) is None
    assert browser.post(address).status_code == 404
    assert Action.objects.filter(verb="token.revoke").count() == 1


# Access ----------------------------------------------------------------------------------------------------------

ROUTES = {
    "": {"get"},
    "start/": {"post"},
    "password/": {"post"},
    "sessions/end/": {"post"},
    "sessions/1/end/": {"post"},
    "tokens/new/": {"get", "post"},
    "tokens/1/revoke/": {"get", "post"},
}


@pytest.mark.parametrize(("path", "methods"), ROUTES.items())
def test_every_address_by_every_method(path: str, methods: set[str], signed_in: SignIn, client: Client) -> None:
    for method in ("get", "post", "put", "delete"):
        stranger = getattr(signed_in("globex_operator"), method)(ADDRESS + path)
        assert stranger.status_code == 404
        assert getattr(client, method)(ADDRESS + path)["Location"].startswith("/sign-in/")
        if method not in methods:
            assert getattr(signed_in("acme_viewer"), method)(ADDRESS + path).status_code == 405


def test_a_form_from_elsewhere_is_refused(cast: dict[str, User]) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(cast["acme_operator"])
    for path, methods in ROUTES.items():
        if "post" in methods:
            assert strict.post(ADDRESS + path).status_code == 403


def test_who_is_no_member_any_more_has_no_settings_there(cast: dict[str, User]) -> None:
    browser = through_the_door()
    Membership.objects.filter(user=cast["acme_operator"]).delete()
    assert browser.get(ADDRESS).status_code == 404
