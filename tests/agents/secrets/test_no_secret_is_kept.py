"""TRUST 38: canary secrets, wherever they come in, are in no row, log line, export, socket, page and message.

Rows are searched as they lie in the tables, whatever tables there are: the test names none of them.
"""

import base64
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from pydantic import JsonValue
from pytest_django import Settings

from agents import bell, event_log, execution, runtime
from agents.approvals.deciding import decide
from agents.contracts.calls import Call, NotSent, ToolRefusal
from agents.contracts.llms import LLMError, LLMRequest, LLMResponse
from agents.contracts.messages import AssistantMessage, ToolCall
from agents.contracts.specs import AgentSpec, LoopLimits
from agents.edge import KillSwitch
from agents.effects import resolve
from agents.forks import fork, retry
from agents.kills import kill
from agents.library.sync import keep_version
from agents.lifecycle import Upload, launch, pause, resume
from agents.llms import registry
from agents.models import Approval, Effect, Run, ToolHealth
from agents.run_ports.edges import EdgeLLMs
from agents.secrets.log_records import WithoutSecrets
from agents.secrets.matcher import Matcher
from agents.secrets.store import set_secret
from agents.secrets.vault import vault
from agents.switches import lift, set_switch
from agents.telemetry import outbox as outbox_module
from agents.tools.define import Arguments, python_tool
from agents.writing import RunText, Writing
from budgets.pricing import Usage
from console.live.run_feed import RunFeed
from console.live.trace import Trace
from console.models import Membership, User
from console.supervisor.log_format import JsonLines
from tests.agents.conftest import LLM, Office, Sender
from tests.agents.engine.doubles import asks, call, says
from tests.agents.telemetry.receiver import Received, collector
from tests.agents.workers import worker

CANARY = 'canary/Zq7Wx "9f\\3é+x='
PLAIN = "canary-8c1e-77aa-plain"
LOOKS_LIKE_ONE = "sk-proj-Ab3dEf6hIj9kLm2nOp5qRs8t"
KNOWN = {"CRM_KEY": CANARY, "SHOP_KEY": PLAIN}
PIECES = ("canary", "Zq7Wx", "8c1e-77aa", LOOKS_LIKE_ONE[8:], base64.b64encode(CANARY.encode()).decode()[:12])
"""What betrays a canary in any writing; enough of one is as bad as the whole."""

WRITINGS = (
    f"plain {CANARY} and {PLAIN}",
    f"https://shop.example/?key={quote(CANARY, safe='')}&other={PLAIN}",
    json.dumps({"Authorization": f"Bearer {CANARY}"}),
    "Basic " + base64.b64encode(f"ann:{CANARY}".encode()).decode(),
    f"a key {LOOKS_LIKE_ONE}.",
)
EVERYTHING = " | ".join(WRITINGS)


class Words(Arguments):
    """What a tool is asked."""

    text: str = ""


async def echo(arguments: Words, call: Call) -> JsonValue:
    """Says it all back, in every shape."""
    del call
    return {"said": arguments.text, EVERYTHING: [EVERYTHING, {"deep": [WRITINGS[2]]}]}


async def refuse(arguments: Words, call: Call) -> JsonValue:
    """Quotes the key as it refuses."""
    del arguments, call
    raise ToolRefusal(f"no order under {EVERYTHING}")


async def fail(arguments: Words, call: Call) -> JsonValue:
    """Fails as a client that shows the address it called."""
    del arguments, call
    raise ValueError(f"{'x' * 470}{EVERYTHING}")


async def unsent(arguments: Words, call: Call) -> JsonValue:
    """Never reached the far end."""
    del arguments, call
    raise NotSent(f"no route to https://shop.example/{quote(CANARY, safe='')}")


async def vast(arguments: Words, call: Call) -> JsonValue:
    """Says more than is kept inline."""
    del arguments, call
    return f"{EVERYTHING} " * 400


TOOLS = (
    python_tool("echo", [echo], description="Say it back.", effect="keyed"),
    python_tool("refuse", [refuse], description="Refuse."),
    python_tool("fail", [fail, unsent], description="Fail."),
    python_tool("vast", [vast], description="Say much."),
    python_tool("lost", [fail], description="Nobody knows.", effect="unkeyed"),
    python_tool("pay", [echo], description="Pay.", effect="keyed", needs_approval=True),
)
SCRIPT = [
    AssistantMessage(
        text=f"Thinking of {EVERYTHING}.",
        reasoning=f"I saw {EVERYTHING}",
        vendor_state={"vendor": "x", "parts": [{"kind": "text", "details": {"said": EVERYTHING}}]},
        calls=(
            call("echo", "c1", text=EVERYTHING),
            call(f"no-{PLAIN}", "c2"),
            ToolCall(call_id="c3", name="echo", arguments=None, arguments_raw=f"{{broken {EVERYTHING}"),
            call("echo", "c4", wrong=EVERYTHING),
        ),
    ),
    asks(call("refuse", "c5"), call("fail", "c6"), call("vast", "c7")),
    asks(call("pay", "c8", text=EVERYTHING)),
    says(f"Done. The key was {EVERYTHING}"),
]


@dataclass
class Leaky:
    """An LLM that repeats all it knows, one character at a time, and a vendor that quotes the key as it fails."""

    script: list[AssistantMessage] = field(default_factory=lambda: list(SCRIPT))
    fails: bool = False

    async def call(self, request: LLMRequest, on_text: Callable[[str], None]) -> LLMResponse:
        if self.fails:
            raise LLMError("authentication", f"Incorrect key {EVERYTHING}", vendor_usage={"said": EVERYTHING})
        number = sum(isinstance(message, AssistantMessage) for message in request.messages)
        message = self.script[min(number, len(self.script) - 1)]
        for letter in message.text:
            on_text(letter)
        return LLMResponse(
            message=message,
            finish="stop",
            usage=Usage(100, 20),
            vendor_usage={"note": EVERYTHING},
            served_llm=request.llm,
            response_id=f"id {EVERYTHING}",
        )


@pytest.fixture
def llm(office: Office, monkeypatch: pytest.MonkeyPatch) -> Leaky:
    """The LLM of the office's agent, which has tools that leak as much."""
    spec = AgentSpec(
        name="tester", title="T", purpose="P.", system_prompt="You leak.", llms=(LLM,), tools=TOOLS,
        limits=LoopLimits(llm_attempts=1),
    )  # fmt: skip
    keep_version(spec=spec)
    office.agent.refresh_from_db()
    leaky = Leaky()
    monkeypatch.setattr(registry, "resolve", lambda _reference: leaky)
    for name, value in KNOWN.items():
        set_secret(tenant=office.tenant, name=name, value=value, actor="ann")
    vault.refresh()
    return leaky


@pytest.fixture
def received(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[Received]:
    """A collector, and the events as lines on standard output."""
    monkeypatch.setattr(outbox_module, "GATHER_SECONDS", 0.05)
    settings.EVENT_LOG = True
    with collector() as received:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", received.url)
        monkeypatch.setenv("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "true")
        event_log.start("watchfloor-test")
        yield received
        event_log.stop()


@pytest.fixture
def messages(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What would have gone to Redis."""
    sent: list[str] = []

    def keep(told: list[tuple[str, str]]) -> bool:
        sent.extend(text for _, text in told)
        return True

    monkeypatch.setattr(bell, "_publish", keep)
    return sent


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Iterator[runtime.Runtime]:
    """This process's worker, whose events leave it."""
    with worker("one") as at:
        at.recorder._log = event_log.tell
        monkeypatch.setattr(runtime, "current", lambda: at)
        yield at


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    """All that is logged, as a worker writes it."""
    path = tmp_path / "worker.log"
    handler = logging.FileHandler(path)
    handler.setFormatter(JsonLines())
    handler.addFilter(WithoutSecrets())
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield path
    root.removeHandler(handler)
    root.setLevel(level)
    handler.close()


def stored_texts() -> Iterator[tuple[str, str]]:
    """Every value of every column of every table."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            columns = [each[0] for each in cursor.description]
            for row in cursor.fetchall():
                for column, value in zip(columns, row, strict=True):
                    text = bytes(value).decode("utf-8", "replace") if isinstance(value, memoryview | bytes) else value
                    yield f"{table}.{column}", json.dumps(text, default=str, ensure_ascii=False)


def betrayed(texts: Iterator[tuple[str, str]]) -> list[tuple[str, str, str]]:
    """Where a piece of a canary stands."""
    return [(place, piece, text[:300]) for place, text in texts for piece in PIECES if piece in text]


def go(run: Run) -> Run:
    execution.work_on(run.id)
    run.refresh_from_db()
    return run


def launched(office: Office, *, attached: bool = False) -> Run:
    uploads = [Upload(f"{EVERYTHING}.txt", "text/plain", b"The bytes of a file stay as they are.")] if attached else []
    return launch(
        tenant=office.tenant, surface=office.surface, agent=office.agent, task=f"Use {EVERYTHING}", actor="ann",
        user=PLAIN, session=f"s {PLAIN}", attachments=uploads,
    )  # fmt: skip


def lives_through_everything(office: Office, llm: Leaky) -> list[Run]:
    """Runs that meet a canary in every place there is."""
    run = go(launched(office, attached=True))
    assert run.state == "waiting_approval", run.reason
    assert decide(approval=Approval.objects.get(run=run), actor="ann", approve=True, note=f"fine: {EVERYTHING}")
    assert go(run).state == "degraded"  # for want of a tool
    asked = go(launched(office))
    assert pause(run=asked, actor="ann") is False
    assert decide(approval=Approval.objects.get(run=asked), actor="ann", approve=False, note=EVERYTHING)
    assert go(asked).state == "degraded"
    again = retry(run=run, actor="ann", reason=EVERYTHING)
    assert pause(run=again, actor="ann")
    assert resume(run=go(again), actor="ann", why=EVERYTHING)
    assert kill(run=again, actor="ann", reason=EVERYTHING)
    other = fork(
        run=run, step=1, actor="ann", reason=EVERYTHING, system_prompt=EVERYTHING, arguments={"c1": {"text": PLAIN}}
    )
    go(other)
    llm.script = [asks(call("lost", "c9", text=EVERYTHING)), says(EVERYTHING)]
    lost = go(launched(office))
    assert lost.state == "waiting_resolution"
    assert resolve(effect=Effect.objects.get(run=lost, state="unknown"), actor="ann", outcome="happened",
                   reason=EVERYTHING, result={"said": EVERYTHING})  # fmt: skip
    go(lost)
    llm.fails = True
    failed = go(launched(office))
    assert failed.state == "failed"
    switch = set_switch(reach="tenant", tenant=office.tenant, surface=None, name="", actor="ann", reason=EVERYTHING)
    assert lift(switch=switch, actor="ann", reason=EVERYTHING)
    return [run, asked, again, other, lost, failed]


def told_from_the_start(run: Run) -> str:
    """What a page is sent that has watched the run from its first event on."""
    feed = RunFeed(run.pk)
    feed._trace = Trace()
    return str(feed.advance())


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("no_redis", "at")
def test_trust_38_no_canary_is_left_anywhere(
    office: Office,
    llm: Leaky,
    received: Received,
    messages: list[str],
    sender: Sender,
    log: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    runs = lives_through_everything(office, llm)
    logging.getLogger("celery.worker").error("Task raised %s", EVERYTHING)
    for run in runs[:1]:
        call_command("replay", run.pk)
    event_log.stop()
    user = User.objects.create_user("acme_viewer", password=None)
    Membership.objects.create(user=user, tenant=office.tenant, role="viewer")
    client = Client()
    client.force_login(user)
    pages = {run.pk: client.get(reverse("runs:detail", args=["acme", run.pk])).content.decode() for run in runs}
    pages["list"] = client.get(reverse("runs:list", args=["acme"])).content.decode()
    pages["actions"] = client.get(reverse("actions:list", args=["acme"])).content.decode()
    sockets = {run.pk: told_from_the_start(run) for run in runs}
    printed = capsys.readouterr().out

    rows = list(stored_texts())
    assert betrayed(iter(rows)) == []
    assert betrayed(iter(pages.items())) == []
    assert betrayed(iter(sockets.items())) == []
    assert betrayed(iter([("log", log.read_text()), ("standard output", printed)])) == []
    assert betrayed(("span", str(each)) for each in received.requests) == []
    assert betrayed(("redis", each) for each in (*messages, *sender.sent)) == []
    # And the search was worth something: what is gone has left its mark in each of these places.
    everything = {"rows": str(rows), "pages": str(pages), "sockets": str(sockets), "log": log.read_text(),
                  "printed": printed, "spans": str(received.requests)}  # fmt: skip
    assert [place for place, text in everything.items() if "[redacted CRM_KEY]" not in text] == []
    assert messages
    assert "[redacted" in ToolHealth.objects.get(link="fail/fail").last_error


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("no_redis", "office", "sender")
def test_what_an_llm_says_letter_by_letter_is_heard_without_secrets(llm: Leaky, at: runtime.Runtime) -> None:
    writing = Writing("r", "s", 1)
    heard: list[str] = []

    def hear(letter: str) -> None:
        writing.hear(letter)
        if (piece := writing.news(listeners=1, now=0.0)) is not None:
            heard.append(piece.text)

    request = LLMRequest(llm=LLM, messages=(), max_output_tokens=10)
    kept = EdgeLLMs(at, KillSwitch(), RunText(at.scribe, "r")).call(request, hear)
    said = "".join(heard)
    assert betrayed(iter([("heard", said)])) == []
    assert kept.message.text == Matcher(KNOWN.items()).text(llm.script[0].text)
    assert said
    assert kept.message.text.startswith(said), "what is certain is told, and nothing else"
