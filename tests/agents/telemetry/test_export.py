"""Spans reach a real collector, and one that is away, deaf or slow harms nothing."""

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence

import pytest

from agents import event_log, execution, runtime
from agents.approvals.deciding import decide
from agents.contracts.messages import ToolCall
from agents.contracts.specs import AgentSpec
from agents.library.sync import keep_version
from agents.lifecycle import launch
from agents.llms import registry
from agents.models import EventRow, Run
from agents.telemetry import outbox as outbox_module
from agents.telemetry.outbox import MOST_WAITING, Outbox, content_wanted, open_outbox, wanted
from agents.telemetry.span import Span, root_id
from tests.agents.batches import event
from tests.agents.conftest import LLM, Office
from tests.agents.engine.doubles import asks, call, says
from tests.agents.telemetry.receiver import Received, collector, refusal, silence, told
from tests.agents.workers import PAY, SEND, SENT, WrittenLLM, worker

RUN = "0198" + "a" * 28
PATIENCE_SECONDS = 60.0


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is gathered for long, and no outbox outlives its test."""
    monkeypatch.setattr(outbox_module, "GATHER_SECONDS", 0.05)
    for name in list(os.environ):
        if name.startswith("OTEL_"):
            monkeypatch.delenv(name)
    yield
    event_log.stop()


@pytest.fixture
def received(monkeypatch: pytest.MonkeyPatch) -> Iterator[Received]:
    """A collector that this process's events go to."""
    with collector() as received:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", received.url)
        monkeypatch.setenv("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "true")
        event_log.start("watchfloor-test")
        yield received


@pytest.fixture
def work(office: Office, monkeypatch: pytest.MonkeyPatch) -> Iterator[WrittenLLM]:
    """A worker, and an LLM whose answers a test writes."""
    SENT.clear()
    spec = AgentSpec(
        name="tester", title="T", purpose="P.", system_prompt="You are tested.", llms=(LLM,), tools=(SEND, PAY)
    )
    keep_version(spec=spec)
    office.agent.refresh_from_db()
    written = WrittenLLM()
    monkeypatch.setattr(registry, "resolve", lambda _reference: written)
    with worker("one") as at:
        at.recorder._log = event_log.tell
        monkeypatch.setattr(runtime, "current", lambda: at)
        yield written


def launched(office: Office) -> Run:
    """A run before the workers."""
    return launch(
        tenant=office.tenant, surface=office.surface, agent=office.agent, task="Pay Ann.", actor="ann", session="s-1"
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("no_redis", "sender")
def test_a_run_over_two_stretches_is_one_trace_at_a_collector(
    office: Office, work: WrittenLLM, received: Received
) -> None:
    unknown = ToolCall(call_id="c9", name="na\x00me\ud800", arguments=None, arguments_raw="{\ud800")
    work.script = [asks(unknown, call("send", to="ann")), asks(call("pay", "c2", to="ann")), says("Paid \x00\ud800.")]
    run = launched(office)
    execution.work_on(run.id)
    assert decide(approval=run.approvals.get(), actor="ann", approve=True)
    execution.work_on(run.id)
    event_log.stop()
    run.refresh_from_db()
    assert run.state == "completed"

    spans = received.spans
    assert {span.trace_id.hex() for span in spans} == {run.id}
    by_id = {span.span_id.hex(): span for span in spans}
    assert len(by_id) == len(spans)
    roots = [span for span in spans if not span.parent_span_id]
    assert [(span.name, span.span_id.hex()) for span in roots] == [("invoke_agent tester", root_id(run.id))]
    assert all(span.parent_span_id.hex() in by_id for span in spans if span.parent_span_id)
    ended = set(EventRow.objects.filter(run=run).exclude(duration_ms=None).values_list("span_id", flat=True))
    assert ended <= set(by_id)
    names = [span.name for span in spans]
    assert (names.count("stretch"), names.count("chat search"), names.count("turn")) == (2, 3, 3)
    assert {"execute_tool send", "execute_tool pay", "attempt", "verdict"} <= set(names)
    assert {"run.launched", "approval.decided"} <= set(names)
    chats = [told(span) for span in spans if span.name == "chat search"]
    assert sum(int(str(chat["watchfloor.cost_nanos"])) for chat in chats) == run.cost_nanos
    assert {chat["watchfloor.epoch"] for chat in chats} == {1, 2}
    assert {chat["watchfloor.tenant"] for chat in chats} == {"acme"}
    assert told(roots[0])["gen_ai.conversation.id"] == "s-1"
    assert told(roots[0])["watchfloor.run_cost_nanos"] == run.cost_nanos
    assert received.services == {"watchfloor-test"}


@pytest.mark.parametrize("dead", ["refuses", "hangs"])
def test_a_dead_collector_holds_nobody_up_and_its_losses_are_counted(
    dead: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with silence() as silent:
        environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": refusal() if dead == "refuses" else silent}
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", environ["OTEL_EXPORTER_OTLP_ENDPOINT"])
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
        outbox = open_outbox(environ, "watchfloor-test")
        assert outbox is not None
        for number in range(200):
            outbox.hear([(RUN, number, event("note.added"))])
        outbox.stop()
    assert outbox.lost == 200
    assert "200 spans lost" in caplog.text


def test_an_end_waits_for_a_stuck_collector_no_longer_than_it_was_told_to() -> None:
    stuck = Stuck()
    outbox = Outbox(stuck, content=False)
    outbox.start()
    outbox.hear([(RUN, 1, event("note.added"))])
    assert stuck.arrived.wait(PATIENCE_SECONDS)
    outbox.stop(within_seconds=0.05)
    assert stuck.closed
    assert stuck.taken == 0
    stuck.gate.set()


class Stuck:
    """A collector that waits until the test lets it go."""

    def __init__(self) -> None:
        self.arrived, self.gate = threading.Event(), threading.Event()
        self.taken = 0
        self.closed = False

    def send(self, spans: Sequence[Span]) -> bool:
        self.arrived.set()
        self.gate.wait()
        self.taken += len(spans)
        return True

    def close(self) -> None:
        self.closed = True


def test_while_a_collector_is_stuck_only_so_much_waits_and_the_rest_is_counted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stuck = Stuck()
    outbox = Outbox(stuck, content=False)
    outbox.start()
    outbox.hear([(RUN, 1, event("note.added"))])
    assert stuck.arrived.wait(PATIENCE_SECONDS)
    commit = [(RUN, number, event("note.added")) for number in range(1000)]
    for _ in range(MOST_WAITING // 1000 + 3):
        outbox.hear(commit)
    assert outbox.dropped == 3000
    stuck.gate.set()
    with caplog.at_level(logging.WARNING):
        outbox.stop()
    assert stuck.taken > 1
    assert "3000 events were dropped" in caplog.text


def test_nothing_leaves_unless_a_collector_is_named() -> None:
    assert not wanted({})
    assert not wanted({"OTEL_EXPORTER_OTLP_ENDPOINT": ""})
    assert not wanted({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_SDK_DISABLED": "TRUE"})
    assert wanted({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c"})
    assert wanted({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c/v1/traces"})
    assert open_outbox({}, "watchfloor-test") is None
    assert not content_wanted({})
    assert content_wanted({"OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "SPAN_ONLY"})


def test_a_worker_that_sends_no_traces_never_loads_the_sdk() -> None:
    script = (
        "import django, sys; django.setup()\n"
        "from agents import event_log, llms, runtime, tasks\n"
        "event_log.start('w'); event_log.stop()\n"
        "tracing = ('opentelemetry.sdk.trace', 'opentelemetry.exporter', 'google.protobuf')\n"
        "print([name for name in sys.modules if name.startswith(tracing)])"
    )
    environ = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    environ["DJANGO_SETTINGS_MODULE"] = "console.settings"
    done = subprocess.run([sys.executable, "-c", script], env=environ, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
