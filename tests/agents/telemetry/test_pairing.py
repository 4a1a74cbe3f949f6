"""Events become spans: nested as they say, closed by their ends, and silent about content."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from agents.contracts.base import JsonObject
from agents.contracts.events import Event, EventKind
from agents.contracts.ids import new_run_id
from agents.telemetry.attributes import attribute, provider_and_name
from agents.telemetry.pairing import MOST_RUNS, Pairing
from agents.telemetry.span import Span, launched_at, root_id, stretch_id

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
RUN = new_run_id()
CLAIM: JsonObject = {"epoch": 2, "worker": "w", "attempt": 1, "tenant": "acme", "surface": "chat", "agent": "search"}
CLAIM |= {"version": 3, "session": "s-1", "llm": "anthropic:claude"}
TURN, CALL, TOOL, TRY = "a" * 16, "b" * 16, "c" * 16, "d" * 16
CHAT = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "anthropic",
    "gen_ai.request.model": "claude",
    "gen_ai.request.max_tokens": 500,
    "gen_ai.response.model": "claude-5",
    "gen_ai.response.finish_reasons": ["stop"],
    "gen_ai.usage.input_tokens": 100,
    "gen_ai.usage.output_tokens": 20,
    "gen_ai.usage.cache_read.input_tokens": 7,
    "gen_ai.usage.reasoning.output_tokens": 3,
    "watchfloor.purpose": "turn",
    "watchfloor.status": "ok",
    "watchfloor.turn": 1,
    "watchfloor.cost_nanos": 360,
    "watchfloor.tenant": "acme",
    "watchfloor.surface": "chat",
    "watchfloor.epoch": 2,
}
"""What a span says of a call of an LLM."""


class Story:
    """Events of one run, a second apart."""

    def __init__(self, *, content: bool = False) -> None:
        self.pairing = Pairing(content=content)
        self.seq = 0

    def tell(
        self,
        kind: EventKind,
        span: str = "",
        parent: str = "",
        *,
        took: int | None = None,
        data: JsonObject | None = None,
        **said: object,
    ) -> list[Span]:
        """Commit one event."""
        return self.pairing.take([self.event(kind, span, parent, took=took, data=data, **said)])

    def event(
        self,
        kind: EventKind,
        span: str = "",
        parent: str = "",
        *,
        took: int | None = None,
        data: JsonObject | None = None,
        **said: object,
    ) -> tuple[str, int, Event]:
        self.seq += 1
        at = AT + timedelta(seconds=self.seq)
        place = {"at": at, "turn": 1, "span_id": span, "parent_span_id": parent, "duration_ms": took}
        return RUN, self.seq, Event.model_validate({"kind": kind, **place, "data": data or said})


@pytest.fixture
def story() -> Story:
    """A run that has begun its first turn."""
    story = Story()
    begin(story)
    return story


def begin(story: Story) -> None:
    """Claim and first turn."""
    assert story.tell("run.claimed", data=CLAIM) == []
    assert story.tell("turn.started", TURN) == []


def test_a_call_of_an_llm_is_one_span_with_its_usage_and_its_charge(story: Story) -> None:
    story.tell("model.started", CALL, TURN, llm="anthropic:claude", max_output_tokens=500, purpose="turn")
    ended = story.event(
        "model.ended",
        CALL,
        TURN,
        took=900,
        llm="claude-5",
        asked="anthropic:claude",
        status="ok",
        finish="stop",
        text="secret",
        input_tokens=100,
        output_tokens=20,
        cache_read_tokens=7,
        reasoning_tokens=3,
    )
    charge = story.event("charge.booked", CALL, TURN, cost_nanos=360, run_cost_nanos=400, price_source="list")
    (span,) = story.pairing.take([ended, charge])
    assert (span.name, span.kind, span.span_id, span.parent_id) == ("chat claude", "client", CALL, TURN)
    assert (span.ended_at - span.started_at).total_seconds() == 1
    assert span.attributes == {**CHAT, "watchfloor.run_id": RUN}
    assert [remark.name for remark in span.remarks] == ["charge.booked"]


def test_a_run_is_a_tree_of_run_stretch_turn_tool_and_attempt(story: Story) -> None:
    story.tell("tool.started", TOOL, TURN, tool="find", call_id="c1", arguments={"q": "secret"}, effect="pure")
    story.tell("attempt.started", TRY, TOOL, implementation="one")
    (attempt,) = story.tell("attempt.ended", TRY, TOOL, took=5, implementation="one", status="ok", error="")
    (tool,) = story.tell("tool.ended", TOOL, TURN, took=9, tool="find", call_id="c1", status="ok", output="secret")
    stopped = story.tell("run.ended", TURN, state="completed", reason="", answer="secret", missing=[])
    turn, stretch, run = stopped
    assert (attempt.name, attempt.parent_id) == ("attempt", TOOL)
    assert (tool.name, tool.parent_id, tool.attributes["gen_ai.tool.call.id"]) == ("execute_tool find", TURN, "c1")
    assert (turn.name, turn.span_id, turn.parent_id) == ("turn", TURN, stretch.span_id)
    assert (stretch.name, stretch.span_id, stretch.parent_id) == ("stretch", stretch_id(RUN, 2), run.span_id)
    assert (run.name, run.span_id, run.parent_id) == ("invoke_agent search", root_id(RUN), "")
    assert run.attributes["gen_ai.agent.version"] == "3"
    assert run.attributes["gen_ai.conversation.id"] == "s-1"
    assert run.started_at == launched_at(RUN)
    assert "secret" not in repr([attempt, tool, *stopped])


def test_content_leaves_when_it_is_asked_for() -> None:
    story = Story(content=True)
    begin(story)
    story.tell("tool.started", TOOL, TURN, tool="find", call_id="c1", arguments={"q": "tea"}, effect="pure")
    (tool,) = story.tell("tool.ended", TOOL, TURN, took=9, tool="find", call_id="c1", status="ok", output=["green"])
    assert json.loads(str(tool.attributes["gen_ai.tool.call.arguments"])) == {"q": "tea"}
    assert json.loads(str(tool.attributes["gen_ai.tool.call.result"])) == ["green"]
    calls = [{"call_id": "c1", "name": "find", "arguments": {"q": "tea"}}]
    (chat,) = story.tell(
        "model.ended",
        CALL,
        TURN,
        took=9,
        llm="x:y",
        asked="x:y",
        status="ok",
        finish="tool_calls",
        text="Well",
        calls=calls,
    )
    assert json.loads(str(chat.attributes["gen_ai.output.messages"])) == [
        {
            "role": "assistant",
            "parts": [
                {"type": "text", "content": "Well"},
                {"type": "tool_call", "id": "c1", "name": "find", "arguments": {"q": "tea"}},
            ],
            "finish_reason": "tool_calls",
        }
    ]


def test_a_failure_is_an_error_by_its_kind(story: Story) -> None:
    story.tell("model.started", CALL, TURN, llm="openai:x", max_output_tokens=5)
    story.tell("model.retried", CALL, TURN, llm="openai:x", error="overloaded", detail="secret", wait_ms=500)
    (span,) = story.tell(
        "model.ended",
        CALL,
        TURN,
        took=1,
        llm="openai:x",
        asked="openai:x",
        status="failed",
        error="timeout",
        detail="secret",
    )
    assert (span.error, span.attributes["error.type"], span.described) == ("timeout", "timeout", "")
    assert [(r.name, r.attributes["error.type"]) for r in span.remarks] == [("model.retried", "overloaded")]
    *_, run = story.tell("run.ended", state="failed", reason="secret", answer="", missing=[])
    assert (run.error, run.described) == ("failed", "")
    assert "secret" not in repr([span, run])


def test_a_run_that_waits_ends_its_stretch_and_another_worker_goes_on_under_the_same_run(story: Story) -> None:
    turn, stretch = story.tell("run.paused", TURN, state="waiting_approval", reason="")
    assert [turn.name, stretch.name] == ["turn", "stretch"]
    other = Story()
    other.tell("run.claimed", data={**CLAIM, "epoch": 3})
    second, run = other.tell("run.ended", state="completed", reason="", answer="", missing=[])
    assert second.span_id != stretch.span_id
    assert second.parent_id == stretch.parent_id == run.span_id


def test_what_another_process_says_of_a_run_stands_under_the_run() -> None:
    console = Story()
    (killed,) = console.tell("kill.requested", by="ann", reason="secret")
    assert (killed.name, killed.parent_id, killed.started_at) == ("kill.requested", root_id(RUN), killed.ended_at)
    (run,) = console.tell("run.ended", state="killed", reason="secret", answer="", missing=[])
    assert (run.name, run.span_id) == ("invoke_agent", root_id(RUN))
    assert "secret" not in repr([killed, run])


def test_an_end_without_a_start_is_a_span_by_its_duration() -> None:
    (span,) = Story().tell(
        "model.ended", CALL, TURN, took=2_000, llm="x:y", asked="x:y", status="failed", error="worker_died"
    )
    assert (span.ended_at - span.started_at).total_seconds() == 2
    assert span.name == "chat y"


def test_runs_whose_worker_never_came_back_are_forgotten() -> None:
    pairing = Pairing(content=False)
    claimed = Story().event("run.claimed", data=CLAIM)[2]
    pairing.take([(f"{number:032x}", 1, claimed) for number in range(MOST_RUNS + 50)])
    assert len(pairing._runs) == MOST_RUNS


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ("a\x00\ud800", "a\\u0000\\ud800"),
        (2**70, str(2**70)),
        (True, True),
        (1.5, "1.5"),
        ([1, "\ud800"], '[1,"\\\\ud800"]'),
        (None, None),
        (float("nan"), "not storable: Out of range float values are not JSON compliant"),
        ("x" * 300, "x" * 256 + "…"),
    ],
)
def test_values_become_what_every_exporter_can_write(value: object, sent: object) -> None:
    assert attribute(value) == sent  # type: ignore[arg-type]  # any JSON value


@pytest.mark.parametrize(
    ("llm", "names"),
    [
        ("anthropic:claude", ("anthropic", "claude")),
        ("openai-responses:gpt", ("openai", "gpt")),
        ("compatible:a:b", ("openai", "a:b")),
        ("rehearsal:search", ("rehearsal", "search")),
        ("bare", ("unknown", "bare")),
    ],
)
def test_references_are_said_in_the_conventions_words(llm: str, names: tuple[str, str]) -> None:
    assert provider_and_name(llm) == names
