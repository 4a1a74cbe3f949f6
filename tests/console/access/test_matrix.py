"""Every address below a tenant, by every role and method."""

import pytest
from django.test import Client
from django.urls import reverse

from agents.models import Run, StepRow
from budgets.models import Tenant
from tests.console.conftest import MakeRun, SignedIn

pytestmark = pytest.mark.usefixtures("acme", "cast", "run")

READ = ("detail", "affected", "record", "bundle")
ROUTES = (
    "list",
    "launch",
    "launch_preview",
    "launch_task",
    "launch_dry",
    "launch_move",
    *READ,
    "kill",
    "pause",
    "resume",
    "fork",
    "retry",
    "replay",
)
EVERYBODY = {"acme_viewer", "acme_operator", "acme_approver", "acme_admin", "admin"}
OPERATORS = EVERYBODY - {"acme_viewer"}
ALLOWED = {
    ("list", "get"): EVERYBODY,
    **{(route, "get"): EVERYBODY for route in READ},
    ("launch", "get"): OPERATORS,
    ("launch", "post"): OPERATORS,
    ("launch_preview", "post"): OPERATORS,
    ("launch_task", "post"): OPERATORS,
    ("launch_dry", "post"): OPERATORS,
    ("launch_move", "post"): OPERATORS,
    ("kill", "get"): OPERATORS,
    ("kill", "post"): OPERATORS,
    ("pause", "post"): OPERATORS,
    ("resume", "post"): OPERATORS,
    ("fork", "get"): OPERATORS,
    ("fork", "post"): OPERATORS,
    ("retry", "get"): OPERATORS,
    ("retry", "post"): OPERATORS,
    ("replay", "get"): OPERATORS,
}
MATRIX = [(route, method) for route in ROUTES for method in ("get", "post", "put", "delete")]


def address(route: str, tenant: str, run: Run) -> str:
    """The address of a route for this run."""
    arguments: list[str | int] = [tenant]
    if route != "list" and not route.startswith("launch"):
        arguments.append(run.pk)
    if route == "fork":
        arguments.append(1)
    return reverse(f"runs:{route}", args=arguments)


@pytest.fixture
def run(acme: Tenant, make_run: MakeRun) -> Run:
    # Ended, so that no verb of the matrix rings for a worker.
    run = make_run(acme, state="completed")
    output = {"kind": "note", "text": "Go on."}
    StepRow.objects.create(
        run=run, number=1, turn=1, kind="note", schema_version=2, output=output, recorded_at=run.created_at
    )
    return run


def answers(client: Client, run: Run) -> dict[tuple[str, str], int]:
    """The status that each method on each route gets."""
    return {
        (route, method): getattr(client, method)(address(route, "acme", run)).status_code for route, method in MATRIX
    }


def is_right(status: int, asked: tuple[str, str], username: str) -> bool:
    """Whether this is what the table says for this person."""
    if asked not in ALLOWED:
        return status == 405
    return status in ({200, 302, 307, 409, 422} if username in ALLOWED[asked] else {403})


@pytest.mark.parametrize("username", sorted(EVERYBODY))
def test_members_get_what_their_role_allows(username: str, signed_in: SignedIn, run: Run) -> None:
    found = answers(signed_in(username), run)
    assert {asked: status for asked, status in found.items() if not is_right(status, asked, username)} == {}


def test_strangers_find_nothing(globex_operator: Client, run: Run) -> None:
    assert set(answers(globex_operator, run).values()) == {404}


@pytest.mark.parametrize(
    "route", ["detail", "affected", "record", "bundle", "kill", "pause", "resume", "fork", "retry", "replay"]
)
def test_a_run_is_not_found_through_another_tenant(route: str, signed_in: SignedIn, run: Run) -> None:
    method = "get" if route in (*READ, "replay") else "post"
    response = getattr(signed_in("admin"), method)(address(route, "globex", run), {"reason": "x"})
    assert response.status_code == 404


@pytest.mark.parametrize("route", ROUTES)
def test_anonymous_people_are_sent_to_sign_in(route: str, client: Client, run: Run) -> None:
    response = client.post(address(route, "acme", run))
    assert response.status_code == 302
    assert response["Location"].startswith("/sign-in/")


def test_a_partial_sends_the_whole_page_to_sign_in(client: Client) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/t/acme/runs/?q=x"}
    response = client.get("/t/acme/runs/", headers=headers)
    assert response["HX-Redirect"] == "/sign-in/?next=%2Ft%2Facme%2Fruns%2F%3Fq%3Dx"
