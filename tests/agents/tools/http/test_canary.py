"""Secrets of HTTP tools: they leave with the call and are in nothing that is kept of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from pytest_django import Settings

from agents.contracts.base import JsonObject
from agents.contracts.specs import ToolSpec
from agents.models import EventRow, Secret
from agents.secrets.store import set_secret
from agents.secrets.vault import vault
from tests.agents.conftest import Office
from tests.agents.engine.doubles import asks, call, says
from tests.agents.hostile_runs import work, workshop
from tests.agents.tools.http.calling import link
from tests.agents.tools.http.far_end import FarEnd, Reply
from tests.agents.tools.http.far_end import says as answers
from tests.agents.workers import WrittenLLM

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_redis", "sender")]
CANARY = "canary/8f21+c0ffee=="
ECHOES = ("result", "refusal", "failure", "page")


@pytest.fixture
def llm(settings: Settings, tmp_path: Path) -> Iterator[WrittenLLM]:
    """The LLM of a worker whose secrets are locked under keys of this test."""
    settings.SECRET_KEYS, settings.SECRET_KEYS_FILE = [], tmp_path / "secret_keys"
    vault.forget()
    with workshop() as written:
        yield written
    vault.forget()


def tool(name: str, url: str) -> ToolSpec:
    """A tool that sends the secret wherever one may stand."""
    target = link(
        method="POST",
        url=url + f"/{name}?key={{secret:SHOP}}",
        query={"token": "{secret:SHOP}"},
        headers={"Authorization": "Bearer {secret:SHOP}"},
        retries=0,
    )
    parameters: JsonObject = {
        "type": "object",
        "properties": {"text": {"type": "string"}},
        "additionalProperties": False,
    }
    return ToolSpec(name=name, description="Looks.", parameters=parameters, implementations=(target,))


def kept() -> str:
    """All rows of the database as text, but for the locked secrets."""
    models = [model for model in apps.get_models() if model is not Secret]
    return "\n".join(str(row) for model in models for row in model._default_manager.values())


def test_a_secret_that_an_endpoint_gives_back_is_in_nothing_that_is_kept(
    office: Office, llm: WrittenLLM, reachable: FarEnd
) -> None:
    set_secret(tenant=office.tenant, name="SHOP", value=CANARY, actor="acme_admin")
    reachable.on("/result", answers({"you": {"sent": [f"Bearer {CANARY}"]}}))
    reachable.on("/refusal", answers({"message": f"unknown key {CANARY}"}, 422))
    reachable.on("/failure", answers({"message": f"bad key {CANARY}"}, 500))
    reachable.on("/page", Reply(200, (("content-type", "text/plain"),), CANARY.encode()))
    tools = [tool(name, reachable.url) for name in ECHOES]
    script = [asks(call(name, f"call-{name}", text="tea")) for name in ECHOES]
    run = work(llm, office.surface, [*script, says("Done.")], *tools)
    assert run.state == "degraded"
    assert [request.headers["authorization"] for request in reachable.requests] == [f"Bearer {CANARY}"] * len(ECHOES)
    assert {request.target.count("canary%2F8f21%2Bc0ffee%3D%3D") for request in reachable.requests} == {2}
    assert EventRow.objects.filter(run=run, kind="attempt.ended").count() == len(ECHOES)
    assert "unknown key" in kept()
    assert "canary" not in kept()
