"""POST /api/t/<tenant>/runs: one run a launch, and every refusal with its status, its place and what is accepted."""

import base64
import json
from typing import Any

import pytest
from pydantic import JsonValue

from agents.library.sync import apply_version
from agents.models import Agent, Attachment, Run
from agents.switches import set_switch
from budgets.models import Action, Surface, Tenant
from console.models import LaunchKey
from tests.console.api.conftest import MakeProgram, said
from tests.tier_edit import limit

pytestmark = pytest.mark.usefixtures("acme", "rung", "agent")
ADDRESS = "/api/t/acme/runs"
BODY = {"agent": "reader", "task": "Read this.", "surface": "free-chat"}
SCHEMA: dict[str, JsonValue] = {
    "type": "object",
    "properties": {"order": {"type": "integer"}},
    "required": ["order"],
}


def shaped(agent: Agent) -> None:
    """Give the agent an input schema."""
    assert agent.current is not None
    spec = agent.current.to_spec()
    apply_version(spec=spec.model_copy(update={"input_schema": SCHEMA}), actor="admin")


def test_a_launch_is_a_run_and_a_row_of_its_person(program: MakeProgram, rung: list[str]) -> None:
    own = {"cap_usd": "0.05", "turns": 3, "seconds": 60, "user": "mara", "session": "s1"}
    response = program().post(ADDRESS, {**BODY, **own})
    run = Run.objects.get()
    assert response.status_code == 201
    assert response["Location"] == f"http://testserver/api/t/acme/runs/{run.pk}"
    told = said(response)
    assert (told["id"], told["state"], told["cap_usd"], told["version"]) == (run.pk, "queued", "0.05", 1)
    assert told["links"] == {
        "self": f"http://testserver/api/t/acme/runs/{run.pk}",
        "kill": f"http://testserver/api/t/acme/runs/{run.pk}/kill",
        "page": f"http://testserver/t/acme/runs/{run.pk}/",
    }
    assert (run.launched_by, run.user, run.session, run.cap_nanos) == ("acme_operator", "mara", "s1", 50_000_000)
    assert run.own_limits == {"run_nanos": 50_000_000, "max_turns": 3, "max_seconds": 60}
    assert rung == [run.pk]
    assert Action.objects.get(verb="run.launch").via == "api token ci"


@pytest.mark.parametrize(
    ("change", "path", "problem", "accepted"),
    [
        ({"agent": "nobody"}, "agent", "there is no agent", "reader"),
        ({"agent": "a\x00b"}, "agent", "pattern", "the name of an agent"),
        ({"agent": 7}, "agent", "valid string", "the name of an agent"),
        ({"surface": "moon"}, "surface", "there is no surface", "enterprise, free-chat, internal-batch"),
        ({"version": 9}, "version", "no version of this number", "1 to 1"),
        ({"version": 10**30}, "version", "", ""),
        ({"version": "1"}, "version", "valid integer", "the number of one"),
        ({"task": ""}, "task", "Say what the agent", "as text"),
        ({"task": "x" * 1_000_001}, "task", "at most 1000000", "as text"),
        ({"input": {"a": 1}}, "", "not both", "one JSON object with: agent, version"),
        ({"user": "a\tb"}, "user", "printable", "at most 128"),
        ({"llm": "gpt"}, "llm", "vendor:name", "vendor:name"),
        ({"llm": "rehearsal:unheard-of"}, "llm", "price", "vendor:name"),
        ({"cap_usd": "1.00"}, "cap_usd", "At most $0.10, the tier's limit", "no higher than the tier's"),
        ({"cap_usd": 0.05}, "cap_usd", "valid string", 'a text such as "0.05"'),
        ({"cap_usd": "many"}, "cap_usd", "not an amount", 'a text such as "0.05"'),
        ({"turns": 500}, "turns", "At most 20 turns, the tier's limit", "no higher"),
        ({"turns": 0}, "turns", "greater than or equal to 1", "no higher"),
        ({"seconds": 5000}, "seconds", "At most 300 s", "no more"),
        ({"budget": 1}, "budget", "Extra inputs", "one JSON object with: agent"),
        ({"files": [{"name": "a.txt", "content_base64": "!"}]}, "files.0.content_base64", "no base64", "bytes"),
        ({"files": [{"name": "a.exe", "content_base64": "QQ=="}]}, "files.0", "this agent reads", ".txt .pdf"),
    ],
)
def test_what_is_wrong_is_told_with_its_path_and_what_is_accepted(
    change: dict[str, Any], path: str, problem: str, accepted: str, program: MakeProgram
) -> None:
    response = program().post(ADDRESS, {**BODY, **change})
    assert response.status_code == 422, response.content
    field = next(each for each in said(response)["error"]["fields"] if each["path"] == path)
    assert problem in field["problem"]
    assert accepted in field["accepted"]
    assert not Run.objects.exists()


@pytest.mark.parametrize(
    "body",
    ["", "{", "[]", "null", '"x"', "[" * 100_000, '{"agent": "\ud800"}', '{"agent": "a", "agent": "reader"}', "\x00"],
)
def test_what_is_no_launch_at_all_is_told_too(body: str, program: MakeProgram) -> None:
    response = program().post(ADDRESS, body.encode("utf-8", "surrogatepass"))
    assert response.status_code == (422 if body else 415)
    assert said(response)["error"]["code"] == ("invalid" if body else "not_json")


def test_only_json_is_read(program: MakeProgram) -> None:
    caller = program()
    response = caller.client.post(ADDRESS, BODY, HTTP_AUTHORIZATION=f"Bearer {caller.token}")
    assert (response.status_code, response.json()["error"]["code"]) == (415, "not_json")


def test_the_same_refusals_as_on_the_page_each_with_its_status(program: MakeProgram, acme: Tenant) -> None:
    caller = program()
    limit(Surface.objects.get(tenant=acme, slug="free-chat"), launches_per_minute=1)
    assert caller.post(ADDRESS, BODY).status_code == 201
    often = caller.post(ADDRESS, BODY)
    assert (often.status_code, said(often)["error"]["code"]) == (429, "too_many")
    assert 1 <= int(often["Retry-After"]) <= 61
    limit(Surface.objects.get(tenant=acme, slug="free-chat"), launches_per_minute=50)
    limit(acme, tenant_day_nanos=0, user_day_nanos=0)
    poor = caller.post(ADDRESS, BODY)
    assert (poor.status_code, said(poor)["error"]["code"]) == (402, "no_budget")
    assert "nothing is left" in said(poor)["error"]["message"]
    set_switch(reach="tenant", tenant=acme, reason="an incident", actor="acme_admin")
    stopped = caller.post(ADDRESS, BODY)
    assert (stopped.status_code, said(stopped)["error"]["code"]) == (409, "stopped")
    assert "an incident" in said(stopped)["error"]["message"]
    assert Run.objects.count() == 1


def test_an_input_is_checked_by_the_agents_schema(program: MakeProgram, agent: Agent) -> None:
    shaped(agent)
    caller = program()
    asked = {name: BODY[name] for name in ("agent", "surface")}
    wrong = caller.post(ADDRESS, {**asked, "input": {"order": "7"}})
    assert wrong.status_code == 422
    (field,) = said(wrong)["error"]["fields"]
    assert (field["path"], field["accepted"]) == ("input.order", {"type": "integer"})
    assert caller.post(ADDRESS, {**asked, "input": {"order": 7}}).status_code == 201
    assert json.loads(Run.objects.get().task) == {"order": 7}


def test_an_older_version_may_be_asked_for(program: MakeProgram, agent: Agent) -> None:
    shaped(agent)
    response = program().post(ADDRESS, {**BODY, "version": 1})
    assert (response.status_code, said(response)["version"]) == (201, 1)


def test_files_are_attached(program: MakeProgram) -> None:
    file = {"name": "a.txt", "content_base64": base64.b64encode(b"tea").decode()}
    assert program().post(ADDRESS, {**BODY, "files": [file]}).status_code == 201
    assert bytes(Attachment.objects.get().blob.content) == b"tea"


def test_a_key_launches_once_and_another_body_under_it_is_refused(program: MakeProgram) -> None:
    caller = program()
    first = caller.post(ADDRESS, BODY, idempotency_key="order-7")
    again = caller.post(ADDRESS, BODY, idempotency_key="order-7")
    assert (first.status_code, again.status_code) == (201, 200)
    assert said(first)["id"] == said(again)["id"]
    other = caller.post(ADDRESS, {**BODY, "task": "Another."}, idempotency_key="order-7")
    assert other.status_code == 422
    assert said(other)["error"]["fields"][0]["path"] == "Idempotency-Key"
    assert program("acme_approver").post(ADDRESS, BODY, idempotency_key="order-7").status_code == 201
    assert caller.post(ADDRESS, BODY, idempotency_key="x" * 129).status_code == 422
    assert Run.objects.count() == 2


def test_a_refused_launch_may_be_tried_again_under_its_key(program: MakeProgram, acme: Tenant) -> None:
    caller = program()
    limit(acme, tenant_day_nanos=0, user_day_nanos=0)
    assert caller.post(ADDRESS, BODY, idempotency_key="k").status_code == 402
    kept = LaunchKey.objects.get().run_id
    limit(acme, tenant_day_nanos=10**10, user_day_nanos=10**9)
    assert said(caller.post(ADDRESS, BODY, idempotency_key="k"))["id"] == kept


def test_who_comes_between_a_key_and_its_run_still_gets_one(
    program: MakeProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = program()
    first = said(caller.post(ADDRESS, BODY, idempotency_key="k"))
    looked = Run.objects.none()
    with monkeypatch.context() as blind:
        blind.setattr("console.api.launching.earlier_run", lambda *_: looked.first())
        again = caller.post(ADDRESS, BODY, idempotency_key="k")
    assert (again.status_code, said(again)["id"]) == (200, first["id"])
    assert Run.objects.count() == 1


def test_a_dry_run_launches_nothing(program: MakeProgram, rung: list[str]) -> None:
    response = program().post(ADDRESS, {**BODY, "dry_run": True, "cap_usd": "0.05"})
    told = said(response)
    assert (response.status_code, told["would_start"]) == (200, True)
    assert {each["check"] for each in told["checks"]} >= {"Task", "LLM", "Stops", "Limits", "Budgets"}
    refused = said(program().post(ADDRESS, {**BODY, "dry_run": True, "turns": 100}))
    assert not refused["would_start"]
    assert [each["check"] for each in refused["checks"] if not each["passed"]] == ["Limits"]
    assert (Run.objects.count(), rung) == (0, [])
