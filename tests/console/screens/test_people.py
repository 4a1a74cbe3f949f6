"""The people of a tenant: who sees and who changes them, what the dialogs refuse, and links that are shown once."""

import html

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from budgets.models import Action, Tenant
from console.models import Membership, User
from tests.console.conftest import MakeRun, SignedIn

pytestmark = pytest.mark.usefixtures("acme", "cast", "rung")

EVERYBODY = {"acme_viewer", "acme_operator", "acme_approver", "acme_admin", "admin"}
ADMINS = {"acme_admin", "admin"}
ACTS = ("add", "role", "link", "remove", "disable", "enable")
ROUTES = ("list", *ACTS)
METHODS = ("get", "post", "put", "delete")
HTMX = {"HX-Request": "true"}


@pytest.fixture
def member() -> Membership:
    return Membership.objects.get(user__username="acme_operator")


def address(route: str, member: Membership, tenant: str = "acme") -> str:
    """The address of a route for this member."""
    return reverse(f"people:{route}", args=[tenant] if route in ("list", "add") else [tenant, member.pk])


def allowed(route: str, method: str, username: str) -> set[int]:
    """What this person is answered; an act without its form is refused at its fields."""
    methods = ("get",) if route == "list" else ("get", "post")
    if method not in methods:
        return {405}
    if route == "list":
        return {200}
    if username not in ADMINS or (route in ("disable", "enable") and username != "admin"):
        return {403}
    return {200} if method == "get" else {302, 422} if route in ("add", "role") else {200, 302, 404}


@pytest.mark.parametrize("username", sorted(EVERYBODY))
def test_each_role_gets_what_it_may(username: str, signed_in: SignedIn, member: Membership) -> None:
    client = signed_in(username)
    wrong = {}
    # The removal comes last: nothing is left to ask about after it.
    for route in sorted(ROUTES, key=lambda each: each == "remove"):
        for method in METHODS:
            status = getattr(client, method)(address(route, member)).status_code
            if status not in allowed(route, method, username) and not (route == "remove" and status == 404):
                wrong[route, method] = status
    assert wrong == {}
    assert Membership.objects.filter(pk=member.pk).exists() is (username not in ADMINS)


def test_strangers_find_nothing_and_nobody_is_found_through_another_tenant(
    globex_operator: Client, signed_in: SignedIn, client: Client, member: Membership
) -> None:
    asked = [(route, method) for route in ROUTES for method in METHODS]
    assert {getattr(globex_operator, method)(address(route, member)).status_code for route, method in asked} == {404}
    admin = signed_in("admin")
    beside = {route: admin.post(address(route, member, "globex")).status_code for route in ACTS if route != "add"}
    assert set(beside.values()) == {404}
    assert client.get(address("list", member))["Location"].startswith("/sign-in/")


def test_everybody_sees_who_is_there_and_admins_what_they_may_do(acme_viewer: Client, acme_admin: Client) -> None:
    seen, managed = (client.get("/t/acme/people/").content.decode() for client in (acme_viewer, acme_admin))
    for name in ("acme_viewer", "acme_operator", "acme_approver", "acme_admin"):
        assert f"<strong>{name}</strong>" in seen
        assert f"<strong>{name}</strong>" in managed
    assert "globex_operator" not in seen + managed
    for word in ("Role…", "Sessions", "Tokens", "Add a person…"):
        assert word in managed
        assert word not in seen
    assert "Disable acme_viewer" not in managed
    assert "Remove acme_admin" not in managed


def test_the_menu_leads_there_and_the_palette_too(acme_viewer: Client, acme_admin: Client, signed_in: SignedIn) -> None:
    assert 'href="/t/acme/people/"' in acme_viewer.get("/t/acme/runs/").content.decode()
    assert 'href="/tenants/"' not in acme_admin.get("/t/acme/runs/").content.decode()
    assert 'href="/tenants/"' in signed_in("admin").get("/t/acme/runs/").content.decode()
    assert "/t/acme/people/new/" in acme_admin.get("/t/acme/palette/?q=add+person").content.decode()
    assert "/t/acme/people/new/" not in acme_viewer.get("/t/acme/palette/?q=add+person").content.decode()


def test_somebody_new_is_added_and_signs_in_by_the_link_that_is_shown_once(acme_admin: Client, client: Client) -> None:
    answer = acme_admin.post("/t/acme/people/new/", {"username": "ada", "role": "approver"}, headers=HTMX)
    text = answer.content.decode()
    path = text.split("http://testserver")[1].split("<")[0]
    assert answer["Cache-Control"].count("no-store") == 1
    assert client.post(path).status_code == 302
    assert client.get("/t/acme/people/").status_code == 200
    token = path.rstrip("/").rpartition("/")[2]
    assert token not in acme_admin.get("/t/acme/people/").content.decode()
    assert token not in str(Action.objects.values())
    via = Action.objects.get(verb="person.add").via
    assert via == "page people:add"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"username": "", "role": "viewer"}, "Write the name"),
        ({"username": "ada", "role": ""}, "Choose a role."),
        ({"username": "ada", "role": "owner"}, "There is no such role."),
        ({"username": "a b", "role": "viewer"}, "Use letters, digits"),
        ({"username": "<b>", "role": "viewer"}, "Use letters, digits"),
        ({"username": "a\x00b", "role": "viewer"}, "Null characters"),
        ({"username": "a" * 61, "role": "viewer"}, "at most 60"),
        ({"username": "acme_viewer", "role": "viewer"}, "is in acme already"),
        ({"username": "globex_operator", "role": "viewer"}, "Somebody has this name already"),
    ],
)
def test_a_bad_addition_is_refused_at_its_field(given: dict[str, str], said: str, acme_admin: Client) -> None:
    people = User.objects.count(), Membership.objects.count()
    answer = acme_admin.post("/t/acme/people/new/", given, headers=HTMX)
    text = html.unescape(answer.content.decode())
    assert answer.status_code == 422
    assert said in text
    assert 'class="error"' in text
    assert (User.objects.count(), Membership.objects.count()) == people
    assert "<b>" not in answer.content.decode()


def test_refusals_of_the_verbs_are_said_in_the_dialog(signed_in: SignedIn, acme_admin: Client) -> None:
    last = Membership.objects.get(user__username="acme_admin")
    admin = signed_in("admin")
    role = admin.post(address("role", last), {"role": "viewer"}, headers=HTMX)
    gone = admin.post(address("remove", last), headers=HTMX)
    own = acme_admin.post(address("role", last), {"role": "viewer"}, headers=HTMX)
    assert (role.status_code, gone.status_code, own.status_code) == (422, 422, 422)
    assert "last admin of acme" in role.content.decode()
    assert "last admin of acme" in gone.content.decode()
    assert "This is you" in own.content.decode()
    assert Membership.objects.get(pk=last.pk).role == "admin"


def test_a_removal_says_what_goes_on(acme: Tenant, acme_admin: Client, make_run: MakeRun, member: Membership) -> None:
    make_run(acme)
    text = acme_admin.get(address("remove", member), headers=HTMX).content.decode()
    assert "Remove acme_operator from acme" in text
    assert "1 run that they launched goes on" in text
    assert acme_admin.post(address("remove", member), headers=HTMX)["HX-Redirect"] == "/t/acme/people/"


@pytest.mark.parametrize("username", ["acme_viewer", "acme_admin", "admin"])
def test_the_page_asks_few_questions_of_many_people(
    username: str, acme: Tenant, signed_in: SignedIn, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    people = User.objects.bulk_create(User(username=f"person-{number}") for number in range(120))
    Membership.objects.bulk_create(Membership(user=user, tenant=acme, role="viewer") for user in people)
    client = signed_in(username)
    with django_assert_max_num_queries(12):
        text = client.get("/t/acme/people/").content.decode()
    assert text.count('id="m-') == 100
    assert client.get("/t/acme/people/?page=2").content.decode().count('id="m-') == 24
    assert client.get("/t/acme/people/?page=x%00").status_code == 200


@pytest.mark.parametrize("route", ["add", "role", "link", "remove", "disable", "enable"])
def test_a_dialog_asks_few_questions(
    route: str, member: Membership, signed_in: SignedIn, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    admin = signed_in("admin")
    with django_assert_max_num_queries(12):
        assert admin.get(address(route, member)).status_code == 200
