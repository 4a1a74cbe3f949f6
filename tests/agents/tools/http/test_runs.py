"""HTTP tools in runs: alone, in a chain with Python, and where they point to what no tool may reach."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from agents.contracts.base import JsonObject
from agents.contracts.specs import Implementation, ToolSpec
from agents.models import Effect, EventRow, Run
from agents.tools.define import implementation
from agents.tools.http.allowed import VARIABLE
from tests.agents.conftest import Office
from tests.agents.engine.doubles import asks, call, says
from tests.agents.hostile_runs import work, workshop
from tests.agents.tools import links
from tests.agents.tools.http.calling import link
from tests.agents.tools.http.far_end import CUT, FarEnd, moved
from tests.agents.tools.http.far_end import says as answers
from tests.agents.tools.http.watch import Watch
from tests.agents.workers import WrittenLLM

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_redis", "sender")]
TEXT: JsonObject = {"type": "object", "properties": {"text": {"type": "string"}}, "additionalProperties": False}


@pytest.fixture
def llm() -> Iterator[WrittenLLM]:
    """The LLM of a worker."""
    with workshop() as written:
        yield written


def tool(name: str, *chain: Implementation, **fields: Any) -> ToolSpec:
    """A tool that takes a text."""
    return ToolSpec(name=name, description="Looks.", parameters=TEXT, implementations=chain, **fields)


def ended(run: Run) -> list[str]:
    """How each attempt came out."""
    events = EventRow.objects.filter(run=run, kind="attempt.ended").order_by("seq")
    return [f"{event.data['status']} {event.data['error']}".strip() for event in events]


def test_a_tool_that_points_inside_makes_no_connection_and_the_run_names_why(
    office: Office, llm: WrittenLLM, watch: Watch, reachable: FarEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Private, metadata, redirecting and re-binding hosts."""
    inside = f"http://127.0.0.1:{watch.port}/"
    monkeypatch.setenv(VARIABLE, f"127.0.0.1:{reachable.port},127.0.0.2:{watch.port}")
    resolve, rebound = socket.getaddrinfo, iter(["127.0.0.2", *["127.0.0.1"] * 9])

    def rebinding(host: Any, *rest: Any, **named: Any) -> Any:
        return resolve(next(rebound) if host == "re.bind.example" else host, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    reachable.on("/", moved(inside))
    urls = {
        "private": inside,
        "decimal": f"http://2130706433:{watch.port}/",
        "mapped": f"http://[::ffff:127.0.0.1]:{watch.port}/",
        "metadata": "http://169.254.169.254/latest/meta-data/",
        "redirecting": reachable.url,
        "rebinding": f"http://re.bind.example:{watch.port}/",
    }
    tools = [tool(name, link(2, url=url, query={"q": "{text}"}, retries=0)) for name, url in urls.items()]
    said = [asks(call(name, f"call-{name}", text="tea")) for name in urls]
    run = work(llm, office.surface, [*said, says("I could not look.")], *tools)
    assert (run.state, watch.connections, reachable.connections) == ("degraded", 0, 1)
    why = ended(run)
    assert [text.rpartition(" no public address")[0].partition(" ")[0] for text in why[:5]] == ["failed"] * 5
    assert why[5].startswith("failed re.bind.example could not be reached")
    assert EventRow.objects.filter(run=run, kind="tool.ended", data__status="degraded").count() == 6


def test_http_and_python_stand_in_one_chain(office: Office, llm: WrittenLLM, reachable: FarEnd) -> None:
    broken = link(url=reachable.on("/broken", CUT).url + "/broken", query={"q": "{text}"}, retries=0)
    good = link(url=reachable.on("/good", answers({"stock": 3})).url + "/good", query={"q": "{text}"})
    python, failing = implementation(links.wait), implementation(links.fail_later)
    script = [asks(call("first", "c1", text="tea")), asks(call("second", "c2", text="tea")), says("Three.")]
    run = work(llm, office.surface, script, tool("first", broken, python), tool("second", failing, good))
    assert run.state == "completed"
    assert ended(run) == ["failed 127.0.0.1 broke off: RemoteProtocolError", "ok", "failed KeyError: 'tea'", "ok"]
    fallbacks = EventRow.objects.filter(run=run, kind="tool.fallback").order_by("seq")
    assert [(event.data["from"], event.data["to"]) for event in fallbacks] == [("shop", "wait"), ("fail_later", "shop")]


def test_arguments_that_the_schema_does_not_take_never_leave(
    office: Office, llm: WrittenLLM, reachable: FarEnd
) -> None:
    look = tool("look", link(url=reachable.on("/", answers(1)).url, query={"q": "{text}"}))
    script = [
        asks(call("look", "c1", text=5)),
        asks(call("look", "c2", txt="tea")),
        asks(call("look", "c3", text="tea")),
    ]
    run = work(llm, office.surface, [*script, says("One.")], look)
    assert (run.state, reachable.connections) == ("completed", 1)
    assert EventRow.objects.filter(run=run, kind="call.rejected").count() == 2


def test_a_write_that_may_have_happened_waits_for_a_person_and_a_keyed_one_is_sent_again_under_its_key(
    office: Office, llm: WrittenLLM, reachable: FarEnd
) -> None:
    post = link(method="POST", url=reachable.on("/", CUT, answers("sent"), CUT).url, retries=0)
    script = [asks(call("keyed", "c1", text="a")), asks(call("unkeyed", "c2", text="b")), says("Sent.")]
    run = work(
        llm, office.surface, script, tool("keyed", post, effect="keyed"), tool("unkeyed", post, effect="unkeyed")
    )
    assert run.state == "waiting_resolution"
    assert [request.json for request in reachable.requests] == [{"text": "a"}, {"text": "a"}, {"text": "b"}]
    keys = [request.headers.get("idempotency-key") for request in reachable.requests]
    assert keys[0] == keys[1] == Effect.objects.get(tool="keyed").sent_key
    assert keys[2] is None
    assert [effect.state for effect in Effect.objects.order_by("tool")] == ["succeeded", "unknown"]
