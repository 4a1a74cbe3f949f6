"""Every address of the budgets, by every role and method, and none without its token."""

import pytest
from django.test import Client
from django.urls import reverse

from agents.models import Run
from budgets.models import Tenant
from console.models import User
from tests.console.conftest import SignedIn
from tests.console.screens.budgets.conftest import USD, Spend, account_of, open_hold

pytestmark = pytest.mark.usefixtures("acme", "rung")

EVERYBODY = {"acme_viewer", "acme_operator", "acme_approver", "acme_admin", "admin"}
OPERATORS = EVERYBODY - {"acme_viewer"}
ALLOWED = {
    ("list", "get"): EVERYBODY,
    ("holds", "get"): EVERYBODY,
    ("account", "get"): EVERYBODY,
    ("see_alerts", "post"): OPERATORS,
    ("top_up", "get"): OPERATORS - {"acme_operator"},
    ("top_up", "post"): OPERATORS - {"acme_operator"},
    ("release_hold", "get"): {"acme_admin", "admin"},
    ("release_hold", "post"): {"acme_admin", "admin"},
    ("charge_hold", "get"): {"acme_admin", "admin"},
    ("charge_hold", "post"): {"acme_admin", "admin"},
}
ROUTES = sorted({route for route, _ in ALLOWED})
MATRIX = [(route, method) for route in ROUTES for method in ("get", "post", "put", "delete")]


@pytest.fixture
def run(spend: Spend) -> Run:
    return spend(USD, USD // 10, user="mara")


def address(route: str, tenant: str, run: Run) -> str:
    """The address of a route for what this run spends."""
    arguments: list[str | int] = [tenant]
    if route in ("account", "top_up"):
        arguments.append(account_of(run.tenant, "user_day", "mara").pk)
    if route.endswith("_hold"):
        arguments.append(open_hold(run).pk)
    return reverse(f"budgets:{route}", args=arguments)


def is_right(status: int, asked: tuple[str, str], username: str) -> bool:
    """Whether this is what the table says; what is sent is empty, so that nothing is done."""
    if asked not in ALLOWED:
        return status == 405
    return status in ({200, 404, 422} if username in ALLOWED[asked] else {403})


@pytest.mark.parametrize("username", sorted(EVERYBODY))
def test_members_get_what_their_role_allows(username: str, signed_in: SignedIn, run: Run) -> None:
    client = signed_in(username)
    found = {(route, how): getattr(client, how)(address(route, "acme", run)).status_code for route, how in MATRIX}
    assert {asked: status for asked, status in found.items() if not is_right(status, asked, username)} == {}


def test_strangers_find_nothing(globex_operator: Client, run: Run) -> None:
    answers = {getattr(globex_operator, how)(address(route, "acme", run)).status_code for route, how in MATRIX}
    assert answers == {404}


@pytest.mark.parametrize("route", sorted(route for route, method in ALLOWED if method == "post"))
def test_nothing_is_done_without_the_token(route: str, cast: dict[str, User], acme: Tenant, run: Run) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast["acme_admin"])
    sent = {"amount": "1", "reason": "x", "up_to": "1"}
    assert client.post(address(route, acme.slug, run), sent).status_code == 403
    assert open_hold(run).state == "open"


@pytest.mark.parametrize("route", ROUTES)
def test_anonymous_people_are_sent_to_sign_in(route: str, client: Client, run: Run) -> None:
    assert client.get(address(route, "acme", run))["Location"].startswith("/sign-in/")
