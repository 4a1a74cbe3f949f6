"""A vendor's bad day, on a real worker: retried only before its first word, so many times, then the next vendor."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from agents import execution, runtime
from agents.contracts.base import JsonObject
from agents.contracts.llms import LLMRequest
from agents.contracts.specs import AgentSpec
from agents.contracts.steps import LLMStep
from agents.engine import held_call
from agents.library.sync import keep_version
from agents.lifecycle import launch
from agents.models import EventRow, LinkTrouble, Run, ToolHealth
from agents.run_ports import edges
from budgets.ledger import verify
from budgets.models import Hold
from budgets.prices import set_price
from budgets.pricing import Rates
from tests.agents.conftest import Office
from tests.agents.llms.streams import CHAT_USAGE, anthropic_events, chat_chunk
from tests.agents.llms.stub_vendor import Answer, environ_for, event_stream
from tests.agents.workers import worker

FIRST, SECOND = "anthropic:first", "compatible:second"
JSON = "application/json"
ANSWERED = Answer(
    event_stream(
        chat_chunk({"role": "assistant", "content": "Tea."}),
        chat_chunk({}, "stop"),
        chat_chunk({}, usage=CHAT_USAGE),
        done=True,
    )
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_redis", "sender")]


@dataclass
class BadVendors:
    """Both vendors on one port of the loopback: what each says, and how often it was asked."""

    says: dict[str, Answer] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    closing: threading.Event = field(default_factory=threading.Event)

    def answer(self, llm: str) -> Answer:
        """The answer of the LLM of that name; the second one always has a good one."""
        self.asked[llm] += 1
        return self.says.get(llm, ANSWERED)


def handler_of(vendors: BadVendors) -> type[BaseHTTPRequestHandler]:
    """Answers requests as the vendors do."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            answer = vendors.answer(asked["model"])
            if answer.hang:
                vendors.closing.wait(60)
                return
            self.send_response(answer.status)
            for name, value in {"content-type": answer.content_type, **answer.headers}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, format: str, *args: object) -> None:  # its name in the base class
            del format, args

    return Handler


class Impatient(LLMRequest):
    """A request that waits for a moment only: for a vendor that says nothing. Others may be slow on a busy machine."""

    timeout_seconds: float = 0.3


@pytest.fixture
def vendors(monkeypatch: pytest.MonkeyPatch) -> Iterator[BadVendors]:
    """The two vendors, with prices; nobody really waits between attempts."""
    vendors = BadVendors()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(vendors))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    for name, value in environ_for(server.server_address[1]).items():
        monkeypatch.setenv(name, value)
    yield vendors
    vendors.closing.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """For how long the runs would have waited."""
    waited: list[float] = []

    def wait(_clock: edges.SystemClock, seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(edges.SystemClock, "wait", wait)
    return waited


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Iterator[runtime.Runtime]:
    """This process's worker."""
    with worker("one") as at:
        monkeypatch.setattr(runtime, "current", lambda: at)
        yield at


@pytest.fixture
def asker(office: Office, vendors: BadVendors) -> Office:  # noqa: ARG001
    """An office whose agent has the chain of both."""
    for llm in (FIRST, SECOND):
        set_price(
            llm=llm,
            rates=Rates.flat(input=2 * 10**9, output=8 * 10**9),
            effective_from=datetime.now(UTC),
            created_by="test",
        )
    keep_version(
        spec=AgentSpec(name="tester", title="T", purpose="Is tested.", system_prompt="Be brief.", llms=(FIRST, SECOND))
    )
    office.agent.refresh_from_db()
    return office


def done(office: Office) -> Run:
    """A run from its launch to its end."""
    run = launch(tenant=office.tenant, surface=office.surface, agent=office.agent, task="Tea?", actor="acme_operator")
    execution.work_on(run.id)
    run.refresh_from_db()
    return run


def served(run: Run) -> tuple[str, str]:
    """The LLM that was asked for first, and the one that was really called at last."""
    outputs = (step.to_step().output for step in run.steps.order_by("number"))
    answer = next(output for output in outputs if isinstance(output, LLMStep))
    return answer.asked_llm, answer.llm


def error(status: int, code: str, **headers: str) -> Answer:
    """An error as the first vendor words it."""
    body = {"type": "error", "error": {"type": code, "code": code, "message": "Not now."}}
    return Answer(json.dumps(body).encode(), status, JSON, headers)


OVERLOADED: JsonObject = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
BAD_DAYS: list[tuple[str, Answer, str, int]] = [
    ("a 429", error(429, "rate_limit_error"), "rate_limited", 3),
    ("a 529", error(529, "overloaded_error"), "overloaded", 3),
    ("a 529 in the stream", Answer(event_stream(OVERLOADED)), "overloaded", 3),
    ("a 529 behind its first words", Answer(event_stream(*anthropic_events()[:7], OVERLOADED)), "overloaded", 1),
    ("a 500", error(500, "api_error"), "server_error", 3),
    ("silence", Answer(b"", hang=True), "timeout", 3),
    ("a 429 that only money mends", error(429, "insufficient_quota"), "spend_limit", 1),
]


@pytest.mark.usefixtures("at")
@pytest.mark.parametrize(("answer", "kind", "times"), [day[1:] for day in BAD_DAYS], ids=[day[0] for day in BAD_DAYS])
def test_the_next_vendor_takes_over(
    answer: Answer,
    kind: str,
    times: int,
    asker: Office,
    vendors: BadVendors,
    waits: list[float],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    vendors.says["first"] = answer
    if answer.hang:
        monkeypatch.setattr(held_call, "LLMRequest", Impatient)
    run = done(asker)
    assert (run.state, run.answer) == ("completed", "Tea."), run.reason
    assert vendors.asked == {"first": times, "second": 1}
    assert served(run) == (FIRST, SECOND)
    events = EventRow.objects.filter(run=run)
    assert events.filter(kind="model.retried").count() == times - 1 == len(waits)
    fallback = events.get(kind="model.fallback").data
    assert fallback == {"from": FIRST, "to": SECOND, "error": kind}
    assert LinkTrouble.objects.filter(run_id=run.id, link=f"llm/{FIRST}", what="failed").count() == times
    assert not Hold.objects.open().exists()
    assert verify() is None


@pytest.mark.usefixtures("at")
def test_the_wait_that_the_vendor_asks_for_is_kept(asker: Office, vendors: BadVendors, waits: list[float]) -> None:
    vendors.says["first"] = error(429, "rate_limit_error", **{"retry-after": "7"})
    assert done(asker).state == "completed"
    assert waits == [7.0, 7.0]


@pytest.mark.usefixtures("at", "waits")
def test_a_vendor_that_wants_money_is_left_alone_by_every_run_from_then_on(asker: Office, vendors: BadVendors) -> None:
    vendors.says["first"] = error(429, "insufficient_quota")
    first, second = done(asker), done(asker)
    assert [first.state, second.state] == ["completed"] * 2
    assert vendors.asked == {"first": 1, "second": 2}
    row = ToolHealth.objects.get(link=f"llm/{FIRST}")
    assert (row.state, row.failures) == ("open", 0)
    assert row.last_error.startswith("its vendor's spending limit is met")
    assert EventRow.objects.get(run=first, kind="breaker.tripped").data["link"] == f"llm/{FIRST}"
    passed = EventRow.objects.get(run=second, kind="model.fallback").data
    assert passed == {"from": FIRST, "to": SECOND, "error": "its circuit breaker is open"}
