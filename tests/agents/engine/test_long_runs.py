"""A run of ten thousand turns: its prompt stays under the hard limit and its memory flat, also when it is resumed."""

import pickle
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, NamedTuple

import pytest
from pydantic import JsonValue

from agents.contracts.calls import Call
from agents.contracts.llms import LLMRequest, LLMResponse
from agents.contracts.messages import AssistantMessage, Message, ToolMessage, UserMessage
from agents.contracts.specs import LoopLimits, MemoryLimits
from agents.contracts.steps import MemoryStep, Step
from agents.engine import loop, tokens
from agents.engine.batch import Batch, Receipt
from agents.engine.recent import RecentCounts
from agents.engine.sources import MOST_HANDLES, Numbers, cited, numbered
from agents.engine.state import MOST_UNKNOWN_TOOLS, RunState
from tests.agents.engine.doubles import Counted, MemoryJournal, asks, call, response, says
from tests.agents.engine.world import World, spec_of

TURNS = 10_000
LOOKS_EVERY = 7
STATE_BYTES = 500_000
KEPT_BYTES_A_TURN = 200
LIMITS = LoopLimits(max_turns=TURNS + 1, max_seconds=10**6)
MEMORY = MemoryLimits(soft_tokens=3_000, hard_tokens=4_000, kept_turns=3)
PAGE = "Order 1029 left the warehouse on Monday. " * 8


@dataclass
class TirelessLLM:
    """Looks something up in each turn, with arguments of its own, and answers in the last; vendors count from 0."""

    turns: int
    at_turn: dict[int, Callable[[], None]] = field(default_factory=dict)
    turn: int = 0
    most_tokens: int = 0
    told: tuple[Message, ...] = ()

    def call(self, request: LLMRequest, on_text: Callable[[str], None]) -> LLMResponse:
        del on_text
        self.turn += 1
        self.at_turn.get(self.turn, bool)()
        if self.turn % LOOKS_EVERY == 0:
            size = sum(map(tokens.of_message, request.messages)) + tokens.of_tools(request.tools)
            self.most_tokens = max(self.most_tokens, size)
        self.told = request.messages
        return response(self._answer(), request.llm, usage=None)

    def _answer(self) -> AssistantMessage:
        if self.turn > self.turns:
            return says("Enough.")
        return asks(call("look_up", "call_0", text=f"parcel {self.turn} of the order", count=self.turn))


class FileJournal(MemoryJournal):
    """Keeps steps in a file and nothing in memory, as a database does."""

    file: IO[str]

    def commit(self, batch: Batch) -> Receipt:
        for step in batch.steps:
            self.file.write(f"{step.model_dump_json()}\n")
        self.log.clear()
        return Receipt()


def tireless(turns: int) -> tuple[World, TirelessLLM]:
    """A world with that LLM, and a tool that says another page each time."""
    world, llm = World([], spec_of(limits=LIMITS, memory=MEMORY)), TirelessLLM(turns)

    def look_up(arguments: dict[str, JsonValue], told: Call) -> JsonValue:
        del told
        world.tools.invoked.clear()
        return {"found": [{"source": f"shelf:{arguments['text']}", "text": f"{arguments['text']}: {PAGE}"}]}

    world.tools.replaced["shelf"] = look_up
    world.llms = llm
    world.health.counted = NoList()
    return world, llm


class NoList(list[Counted]):
    """Keeps nothing."""

    def append(self, value: Counted, /) -> None:
        del value


def work(world: World) -> RunState:
    state = world.fresh()
    loop.run(state, world.ports(), epoch=1)
    return state


class Long(NamedTuple):
    """A run of ten thousand turns when it has ended, and its steps."""

    state: RunState
    llm: TirelessLLM
    steps: Path


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Long:
    world, llm = tireless(TURNS)
    journal = world.journal = FileJournal(world.clock, world.log)
    path = tmp_path_factory.mktemp("steps") / "steps.jsonl"
    with path.open("w", encoding="utf-8") as journal.file:
        state = work(world)
    assert journal.ending is not None
    assert journal.ending.state == "completed"
    return Long(state, llm, path)


def test_ten_thousand_turns_leave_a_small_state(long: Long) -> None:
    assert long.state.turn == TURNS + 1
    assert len(pickle.dumps(long.state)) < STATE_BYTES


def test_a_worker_keeps_next_to_nothing_of_a_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.engine.state.MOST_REPEATS", 50)
    monkeypatch.setattr("agents.engine.sources.MOST_HANDLES", 50)
    world, llm = tireless(1_500)
    journal = world.journal = FileJournal(world.clock, world.log)
    traced: list[int] = []
    llm.at_turn = {
        400: tracemalloc.start,
        500: lambda: traced.append(tracemalloc.get_traced_memory()[0]),
        1_500: lambda: traced.append(tracemalloc.get_traced_memory()[0]),
    }
    try:
        with (tmp_path / "steps.jsonl").open("w", encoding="utf-8") as journal.file:
            work(world)
    finally:
        tracemalloc.stop()
    assert (traced[1] - traced[0]) / 1_000 < KEPT_BYTES_A_TURN


def test_no_prompt_of_ten_thousand_turns_passes_the_hard_limit(long: Long) -> None:
    assert MEMORY.soft_tokens < long.llm.most_tokens <= MEMORY.hard_tokens


def test_a_run_of_ten_thousand_turns_is_resumed_step_by_step(long: Long) -> None:
    after = RunState(long.state.input)
    longest = 0
    with long.steps.open(encoding="utf-8") as lines:
        for line in lines:
            after.replay([Step.model_validate_json(line)])
            longest = max(longest, len(after.thread))
    assert after.steps > 2 * TURNS
    assert longest < 100
    assert (after.thread, after.counts, after.left_out) == (long.state.thread, long.state.counts, long.state.left_out)
    assert after.sources.given == long.state.sources.given == TURNS
    assert list(after.repeats.values()) == list(long.state.repeats.values())


def test_what_was_left_out_is_told_by_number_and_a_call_is_never_without_its_result() -> None:
    world, llm = tireless(400)
    state = work(world)
    called = [m for m in state.thread if isinstance(m, AssistantMessage) and m.calls]
    results = [m for m in state.thread if isinstance(m, ToolMessage)]
    assert [m.calls[0].call_id for m in called] == [m.call_id for m in results]
    assert state.left_out["look_up"] + len(called) == 400
    note = llm.told[2]
    assert isinstance(note, UserMessage)
    assert f"the {state.left_out['look_up']} oldest tool calls" in note.text
    assert isinstance(state.thread[0], UserMessage)
    assert state.thread[0].text == world.task
    forgotten = [event.data for event in world.journal.kinds("memory.compressed") if "calls_left_out" in event.data]
    steps = [s.output for s in world.journal.steps if isinstance(s.output, MemoryStep) and s.output.forgotten]
    assert [(d["tokens_before"], d["tokens_after"]) for d in forgotten] == [
        (step.tokens_before, step.tokens_after) for step in steps
    ]


def test_ids_stay_unique_after_their_calls_were_left_out() -> None:
    world, _ = tireless(400)
    work(world)
    ids = [s.output.result.call_id for s in world.journal.steps if s.output.kind == "tool"]
    assert len(set(ids)) == len(ids) == 400


def test_a_source_that_was_forgotten_gets_a_new_number_and_its_old_one_stays_good() -> None:
    numbers = Numbers()
    for n in range(MOST_HANDLES + 1):
        numbers.update(cited(numbered({"source": f"page:{n}"}, numbers)))
    assert len(numbers) == MOST_HANDLES
    assert numbered({"source": "page:0"}, numbers) == {"source": "page:0", "cite": MOST_HANDLES + 2}
    assert numbered({"source": "page:5"}, numbers) == {"source": "page:5", "cite": 6}
    assert 1 in numbers.values()


def test_a_number_that_a_tool_made_up_is_not_taken_for_ours() -> None:
    assert cited({"source": "", "cite": 10**9}) == {}


def test_names_of_tools_that_an_llm_makes_up_are_not_all_kept() -> None:
    script = [*(asks(call(f"made_up_{n}", f"c{n}")) for n in range(4 * MOST_UNKNOWN_TOOLS)), says("I give up.")]
    world = World(script, spec_of(limits=LIMITS))
    state = work(world)
    assert len(state.rejected_in_a_row) <= MOST_UNKNOWN_TOOLS + len(world.spec.tools)


def test_repeats_are_counted_among_the_newest_calls() -> None:
    counts = RecentCounts(2)
    for key in ("a", "b", "a", "c"):
        counts.count(key)
    assert [counts[key] for key in "abc"] == [2, 0, 1]
