"""Who may call the API: good tokens only, in their tenant, for their verbs, and never by a cookie."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from agents.models import Run
from budgets.models import Tenant
from console.access.tokens import revoke_token
from console.models import ApiToken, Membership, User
from tests.console.api.conftest import ALL, MakeProgram, Program, said
from tests.console.conftest import MakeRun, SignedIn

pytestmark = pytest.mark.usefixtures("cast", "rung", "agent")
BODY = {"agent": "reader", "task": "Read this.", "surface": "free-chat"}
VERB_OF = {"launch": "launch", "run": "view", "kill": "kill"}


def calls(program: Program, run: Run, tenant: str = "acme") -> dict[str, int]:
    """The status that each address gets by its own method."""
    root = f"/api/t/{tenant}/runs"
    return {
        "launch": program.post(root, BODY).status_code,
        "run": program.get(f"{root}/{run.pk}").status_code,
        "kill": program.post(f"{root}/{run.pk}/kill", {"reason": "x"}).status_code,
    }


@pytest.fixture
def run(acme: Tenant, make_run: MakeRun) -> Run:
    return make_run(acme, state="queued")


def test_an_operators_token_may_do_what_it_was_made_for(program: MakeProgram, run: Run) -> None:
    assert calls(program(), run) == {"launch": 201, "run": 200, "kill": 202}


@pytest.mark.parametrize("only", ["launch", "run", "kill"])
def test_nothing_else_than_its_verbs(only: str, program: MakeProgram, run: Run) -> None:
    (verb,) = (each for each in ALL if each == VERB_OF[only])
    found = calls(program(verbs=[verb]), run)
    assert {name: status for name, status in found.items() if status == 403}.keys() == {"launch", "run", "kill"} - {
        only
    }


def test_never_more_than_its_persons_role_at_the_time(program: MakeProgram, run: Run, cast: dict[str, User]) -> None:
    caller = program()
    Membership.objects.filter(user=cast["acme_operator"]).update(role="viewer")
    assert calls(caller, run) == {"launch": 403, "run": 200, "kill": 403}
    Membership.objects.filter(user=cast["acme_operator"]).delete()
    assert calls(caller, run) == {"launch": 404, "run": 404, "kill": 404}


def test_other_tenants_are_not_found(program: MakeProgram, run: Run) -> None:
    assert set(calls(program("globex_operator", "globex"), run).values()) == {404}
    assert set(calls(program(), run, "globex").values()) == {404}
    assert set(calls(program(), run, "nowhere").values()) == {404}
    assert set(calls(program("admin", "globex"), run).values()) == {404}
    own = calls(program("globex_operator", "globex"), run, "globex")
    assert own == {"launch": 201, "run": 404, "kill": 404}
    run.refresh_from_db()
    assert run.state == "queued"


def test_a_token_that_is_not_good_is_401(program: MakeProgram, run: Run, cast: dict[str, User]) -> None:
    caller = program()
    token = ApiToken.objects.get()
    for text in ("", "wf_guess", caller.token[:-1], caller.token + "x", "wf_\x00", "x" * 5_000):
        assert set(calls(Program(text, caller.client), run).values()) == {401}
    ApiToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert set(calls(caller, run).values()) == {401}
    ApiToken.objects.update(expires_at=timezone.now() + timedelta(days=1))
    User.objects.filter(pk=cast["acme_operator"].pk).update(is_active=False)
    assert set(calls(caller, run).values()) == {401}
    User.objects.filter(pk=cast["acme_operator"].pk).update(is_active=True)
    assert revoke_token(token=token, actor=cast["acme_operator"])
    response = caller.get(f"/api/t/acme/runs/{run.pk}")
    assert (response.status_code, response["WWW-Authenticate"]) == (401, 'Bearer realm="watchfloor"')


def test_a_session_is_no_token(signed_in: SignedIn, run: Run) -> None:
    assert set(calls(Program("", signed_in("acme_admin")), run).values()) == {401}


def test_other_methods_are_405_for_members_only(program: MakeProgram, run: Run) -> None:
    addresses = {"/api/t/acme/runs": "POST", f"/api/t/acme/runs/{run.pk}": "GET"}
    for address, right in addresses.items():
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - {right}:
            found = program().call(method, address, BODY)
            assert (found.status_code, found["Allow"]) == (405, right)
            assert program("globex_operator", "globex").call(method, address).status_code == 404


def test_of_a_token_only_its_digest_is_kept_and_its_use_is_noted(program: MakeProgram, run: Run) -> None:
    caller = program()
    kept = ApiToken.objects.get()
    assert caller.token not in str(vars(kept))
    assert kept.last_used_at is None
    caller.get(f"/api/t/acme/runs/{run.pk}")
    kept.refresh_from_db()
    assert kept.last_used_at is not None


def test_a_run_is_read_and_killed_once(program: MakeProgram, acme: Tenant, make_run: MakeRun) -> None:
    ended = make_run(acme, state="degraded", answer="Done.", missing=["the stock count"], cost_nanos=1_230_000)
    told = said(program().get(f"/api/t/acme/runs/{ended.pk}"))
    assert (told["state"], told["answer"], told["missing"]) == ("degraded", "Done.", ["the stock count"])
    assert (told["cost_usd"], told["cap_usd"], told["ended"]) == ("0.00123", "0.10", True)
    late = program().post(f"/api/t/acme/runs/{ended.pk}/kill", {"reason": "x"})
    assert (late.status_code, said(late)["error"]["code"]) == (409, "ended")
    wordless = program().post(f"/api/t/acme/runs/{ended.pk}/kill", {})
    assert (wordless.status_code, said(wordless)["error"]["fields"][0]["path"]) == (422, "reason")
    live = make_run(acme, state="queued")
    stopped = program().post(f"/api/t/acme/runs/{live.pk}/kill", {"reason": "looks wrong"})
    assert (stopped.status_code, said(stopped)["state"]) == (202, "killed")
    live.refresh_from_db()
    assert (live.kill_requested_by, live.kill_reason) == ("acme_operator", "looks wrong")


def test_reading_asks_few_questions(
    program: MakeProgram, run: Run, client: Client, django_assert_max_num_queries: object
) -> None:
    caller = program()
    caller.get(f"/api/t/acme/runs/{run.pk}")
    with django_assert_max_num_queries(4):  # type: ignore[operator]  # a fixture that pytest-django does not type
        assert caller.get(f"/api/t/acme/runs/{run.pk}").status_code == 200
    assert client.cookies == {}
