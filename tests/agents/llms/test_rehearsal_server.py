"""The rehearsal over HTTP: the real client gets the same answers, and hang-ups are noted."""

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest

from agents.contracts.base import JsonObject
from agents.contracts.llms import FailureKind, LLMError, LLMRequest, LLMResponse
from agents.contracts.messages import Message, SystemMessage, ToolMessage, UserMessage
from agents.llms import performance
from agents.llms.http_client import close_shared_client
from agents.llms.registry import resolve
from agents.llms.rehearsal_http.server import RehearsalServer
from tests.agents.llms import weather_policy
from tests.agents.llms.stub_vendor import environ_for, request_for, unheard

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def _weather(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(performance, "LIBRARY_POLICIES", weather_policy.LIBRARY)


@asynccontextmanager
async def served() -> AsyncIterator[dict[str, str]]:
    """The server on a free port, and an environment that points to it."""
    async with RehearsalServer().listening("127.0.0.1", 0) as port:
        try:
            yield environ_for(port)
        finally:
            await close_shared_client()


async def both_ways(name: str, *messages: Message) -> tuple[LLMResponse, LLMResponse]:
    """The answer in this process and over HTTP."""
    request = request_for(name, *messages)
    async with served() as environ:
        here = await resolve(f"rehearsal:{name}", environ).call(request, unheard)
        return here, await resolve(f"compatible:{name}", environ).call(request, unheard)


def essence(response: LLMResponse) -> tuple[object, ...]:
    """Everything but who served it."""
    return response.message, response.finish, response.usage, response.vendor_usage, response.response_id


@pytest.mark.parametrize(
    "name", ["weather", "weather+wrong-types", "weather+invented-tool", "weather+loop", "weather+no-usage"]
)
def test_the_answer_over_http_is_the_answer_in_process(name: str) -> None:
    here, there = asyncio.run(both_ways(name))
    assert essence(here) == essence(there)
    assert there.served_llm == f"compatible:{name}"


@pytest.mark.parametrize("status", ["ok", "error", "degraded"])
@pytest.mark.parametrize("content", [{"temperature": 7, "status": "shipped"}, ["a", {"b": None}], "plain text"])
def test_a_whole_conversation_survives_the_way(status: str, content: object) -> None:
    result = ToolMessage.model_validate(
        {"call_id": "call_1", "name": "get_weather", "status": status, "content": content}
    )
    asked, _ = asyncio.run(both_ways("weather"))
    conversation = SystemMessage(text="Be brief."), UserMessage(text="Weather?"), asked.message, result
    here, there = asyncio.run(both_ways("weather", *conversation))
    assert essence(here) == essence(there)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("unavailable", "overloaded"),
        ("status=429", "rate_limited"),
        ("status=401", "authentication"),
        ("status=500", "server_error"),
        ("html", "bad_answer"),
        ("half-stream", "cut"),
        ("unheard-of", "not_found"),
    ],
)
def test_faults_reach_the_client_as_their_kind(fault: str, kind: FailureKind) -> None:
    async def call() -> None:
        async with served() as environ:
            await resolve(f"compatible:weather+{fault}", environ).call(request_for("x"), unheard)

    with pytest.raises(LLMError) as caught:
        asyncio.run(call())
    assert caught.value.kind == kind
    assert (caught.value.retry_after_seconds == 1.0) == (caught.value.status in (429, 503))


async def cancelled_in_mid_answer(request: LLMRequest) -> tuple[range, JsonObject, JsonObject]:
    """Between which moments a call was cancelled and seen to be, and what the server says of its socket and of all."""
    async with served() as environ, httpx2.AsyncClient() as client:
        base = environ["COMPATIBLE_BASE_URL"].removesuffix("/v1")
        heard = asyncio.Event()
        call = asyncio.create_task(resolve(request.llm, environ).call(request, lambda _: heard.set()))
        await heard.wait()
        cancelled_at = time.time_ns()
        call.cancel()
        await asyncio.wait([call])
        closed: list[JsonObject] = []
        while not closed:
            closed = (await client.get(f"{base}/closed")).json()
        return range(cancelled_at, time.time_ns()), closed[0], (await client.get(f"{base}/open")).json()


def test_a_cancelled_call_is_noted_with_the_time_of_its_hang_up() -> None:
    meanwhile, closed, counts = asyncio.run(cancelled_in_mid_answer(request_for("compatible:weather+slow=60")))
    closed_at = closed["closed_at"]
    assert isinstance(closed_at, int)
    assert closed_at in meanwhile
    assert (closed["model"], closed["task"]) == ("weather+slow=60", "Weather in Oslo?")
    assert counts == {"open": 0, "opened": 1}


async def post(body: JsonObject | str) -> httpx2.Response:
    """A plain request to the endpoint."""
    async with served() as environ, httpx2.AsyncClient() as client:
        content = body if isinstance(body, str) else json.dumps(body)
        return await client.post(f"{environ['COMPATIBLE_BASE_URL']}/chat/completions", content=content)


def test_without_stream_the_answer_is_one_object() -> None:
    answer = asyncio.run(post({"model": "weather", "messages": [{"role": "user", "content": "Weather?"}]})).json()
    assert answer["object"] == "chat.completion"
    assert answer["choices"][0]["message"]["tool_calls"][0]["function"]["name"] == "get_weather"
    assert answer["usage"]["total_tokens"] > 0


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        {"model": "weather"},
        {"model": "weather", "messages": [{"role": "wizard"}]},
        {"messages": []},
    ],
)
def test_what_is_no_request_is_refused_with_400(body: JsonObject | str) -> None:
    response = asyncio.run(post(body))
    assert response.status_code == 400
    assert "not a chat completions request" in response.json()["error"]["message"]


def test_models_are_listed_and_other_paths_are_not_found() -> None:
    async def look() -> tuple[list[str], int]:
        async with served() as environ, httpx2.AsyncClient(base_url=environ["COMPATIBLE_BASE_URL"]) as client:
            listed = (await client.get("/models")).json()["data"]
            return [each["id"] for each in listed], (await client.get("/nothing")).status_code

    assert asyncio.run(look()) == (["weather", "broken", "summary", "grade"], 404)


def test_the_command_prints_its_port_serves_and_stops() -> None:
    command = [sys.executable, "manage.py", "rehearsal_server", "--port", "0", "--print-port"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        with httpx2.Client() as client:
            assert client.get(f"http://127.0.0.1:{port}/open").json() == {"open": 0, "opened": 0}
        server.send_signal(signal.SIGTERM)
        assert server.wait(60) == 0
