"""Every address of the stops, by every role and method, and every reach by every role."""

import pytest
from django.test import Client
from django.urls import reverse

from agents.models import KillOrder, Run, Switch
from agents.models.switch import Reach
from agents.switches import set_switch
from budgets.models import Surface, Tenant
from tests.console.conftest import MakeRun, SignedIn

pytestmark = pytest.mark.usefixtures("acme", "cast", "rung")

EVERYBODY = {"acme_viewer", "acme_operator", "acme_approver", "acme_admin", "admin"}
OPERATORS = EVERYBODY - {"acme_viewer"}
ALLOWED = {
    ("list", "get"): EVERYBODY,
    ("order", "get"): EVERYBODY,
    ("new", "get"): OPERATORS,
    ("new", "post"): OPERATORS,
    ("lift", "get"): OPERATORS,
    ("lift", "post"): OPERATORS,
    ("end", "get"): OPERATORS,
    ("end", "post"): OPERATORS,
}
ROUTES = ("list", "order", "new", "lift", "end")
MATRIX = [(route, method) for route in ROUTES for method in ("get", "post", "put", "delete")]
MAY_REACH: dict[str, set[str]] = {
    "surface": OPERATORS,
    "agent": OPERATORS,
    "tool": OPERATORS,
    "tenant": {"acme_admin", "admin"},
    "everything": {"admin"},
}
REASON = {"reason": "drill"}


@pytest.fixture
def named(acme: Tenant, make_run: MakeRun) -> dict[str, list[str | int]]:
    """What each route's address needs beside the tenant."""
    switch = set_switch(reach="agent", actor="acme_admin", reason="drill", tenant=acme, name="reader")
    order = KillOrder.objects.create(tenant=acme, scope="x", actor="acme_admin", reason="drill")
    run: Run = make_run(acme, state="completed")
    return {"list": [], "new": [], "order": [order.pk], "lift": [switch.pk], "end": [run.pk]}


def answers(client: Client, tenant: str, named: dict[str, list[str | int]]) -> dict[tuple[str, str], int]:
    return {
        (route, method): getattr(client, method)(reverse(f"stops:{route}", args=[tenant, *named[route]])).status_code
        for route, method in MATRIX
    }


@pytest.mark.parametrize("username", sorted(EVERYBODY))
def test_members_get_what_their_role_allows(
    username: str, signed_in: SignedIn, named: dict[str, list[str | int]]
) -> None:
    wrong = {
        asked: status
        for asked, status in answers(signed_in(username), "acme", named).items()
        if status
        not in ({405} if asked not in ALLOWED else {200, 302, 409, 422} if username in ALLOWED[asked] else {403})
    }
    assert wrong == {}


def test_strangers_find_nothing(globex_operator: Client, named: dict[str, list[str | int]]) -> None:
    assert set(answers(globex_operator, "acme", named).values()) == {404}


@pytest.mark.parametrize("route", ["order", "lift", "end"])
def test_nothing_is_found_through_another_tenant(
    route: str, signed_in: SignedIn, named: dict[str, list[str | int]]
) -> None:
    assert signed_in("admin").get(reverse(f"stops:{route}", args=["globex", *named[route]])).status_code == 404


def test_anonymous_people_are_sent_to_sign_in(client: Client, named: dict[str, list[str | int]]) -> None:
    for route in ROUTES:
        response = client.post(reverse(f"stops:{route}", args=["acme", *named[route]]))
        assert response["Location"].startswith("/sign-in/")


@pytest.mark.parametrize("kind", MAY_REACH)
@pytest.mark.parametrize("username", sorted(EVERYBODY))
def test_each_reach_is_set_by_whom_it_is_given_to(username: str, kind: str, signed_in: SignedIn) -> None:
    asked = {"kind": kind, "surface": "free-chat", "agent": "reader", "tool": "refund", **REASON}
    signed_in(username).post("/t/acme/stops/new/", asked)
    assert Switch.objects.filter(reach=kind).exists() == (username in MAY_REACH[kind])


@pytest.mark.parametrize("username", sorted(OPERATORS))
def test_an_agent_in_all_tenants_is_the_platforms_to_stop(username: str, signed_in: SignedIn) -> None:
    asked = {"kind": "agent", "agent": "reader", "all_tenants": "1", **REASON}
    signed_in(username).post("/t/acme/stops/new/", asked)
    assert Switch.objects.filter(tenant=None).exists() == (username == "admin")


@pytest.mark.parametrize("kind", MAY_REACH)
@pytest.mark.parametrize("username", sorted(OPERATORS))
def test_a_stop_is_lifted_by_those_who_may_set_it(
    username: str, kind: Reach, signed_in: SignedIn, acme: Tenant
) -> None:
    switch = set_switch(
        reach=kind,
        actor="admin",
        reason="drill",
        tenant=None if kind == "everything" else acme,
        surface=Surface.objects.get(tenant=acme, slug="free-chat") if kind == "surface" else None,
        name="reader" if kind in ("agent", "tool") else "",
    )
    signed_in(username).post(f"/t/acme/stops/switches/{switch.pk}/lift/", REASON)
    assert Switch.objects.on().exists() != (username in MAY_REACH[kind])


def test_a_form_of_another_site_is_refused(signed_in: SignedIn) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = signed_in("acme_admin").cookies
    assert strict.post("/t/acme/stops/new/", {"kind": "tenant", **REASON}).status_code == 403
    assert not Switch.objects.exists()
