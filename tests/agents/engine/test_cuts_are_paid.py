"""A stream cut at any chunk: at least what its vendor counted is charged, and no call comes of half an answer."""

import json
import re
from collections.abc import Iterator

import pytest

from agents.contracts.base import JsonObject
from agents.contracts.specs import LoopLimits
from agents.contracts.steps import LLMStep
from budgets.pricing import Usage, cost_nanos
from tests.agents.engine.doubles import PRICE, unended
from tests.agents.engine.vendor_llms import VendorLLMs, pieces
from tests.agents.engine.world import World, spec_of
from tests.agents.llms import streams
from tests.agents.llms.test_recorded_answers import LLMS, RECORDED, numbers, recorded, tags

ONE_TRY = LoopLimits(llm_attempts=1, max_turns=1)
CUT = {"cut", "bad_answer", "server_error"}


def reasoned(body: bytes) -> bytes:
    """The stream of an LLM that reasoned at length, out of sight: its last report counts far more than was said."""
    return re.sub(rb'"(completion_tokens|output_tokens)": (9|31)\b', rb'"\1": 1900', body)


OURS = [(llm, reasoned(body), "{}") for llm, body in streams.STREAMS]


def theirs() -> Iterator[tuple[str, bytes, str]]:
    """Recorded streams that report a usage, with what was asked.

    A vendor's own tools read pages of their own accord, which we never ask for; no hold for a prompt covers that.
    """
    for row in recorded():
        body, asked = row["body"], row.get("request")
        if "stream" not in tags(row) or not isinstance(body, str) or not isinstance(asked, dict) or not numbers(body):
            continue
        listed = asked.get("tools")
        tools = listed if isinstance(listed, list) else []
        if all(tool.get("type", "function") == "function" for tool in tools if isinstance(tool, dict)):
            yield LLMS[str(row["api"])], body.encode(), json.dumps(asked)


def run_on(llms: VendorLLMs, task: str) -> World:
    """One call of a run through the vendor's client."""
    world = World([], spec_of(limits=ONE_TRY), task=task)
    world.llms = llms
    world.start()
    return world


def counted(body: bytes) -> int:
    """What the vendor counted in the end, in nano-USD."""
    found = numbers(body.decode())
    cached = found.get("cache_read_input_tokens", 0) + found.get("cache_creation_input_tokens", 0)
    read = found.get("prompt_tokens", found.get("input_tokens", 0)) + cached
    return cost_nanos(Usage(read, found.get("completion_tokens", found.get("output_tokens", 0))), PRICE.rates)


def calls_of(world: World) -> list[tuple[str, JsonObject | None]]:
    """The calls that came out, with their arguments."""
    answers = [step.output for step in world.journal.steps if isinstance(step.output, LLMStep)]
    return [(call.name, call.arguments) for answer in answers for call in answer.message.calls]


def assert_paid_at_every_cut(llm: str, body: bytes, task: str, *, breaks: bool) -> None:
    """Each cut is charged enough; a call comes out only once the answer is complete, and whole."""
    chunks, whole = pieces(body), calls_of(run_on(VendorLLMs(llm, pieces(body)), task))
    failed = 0
    for count in range(len(chunks)):
        world = run_on(VendorLLMs(llm, chunks[:count], breaks), task)
        (charge,) = world.charges()
        assert int(str(charge["cost_nanos"])) >= counted(body)
        ended = world.journal.kinds("model.ended")[0].data
        assert unended(world.journal.events) == []
        if ended["status"] == "ok":
            assert calls_of(world) == whole
            continue
        assert ended["error"] in CUT
        assert calls_of(world) == []
        assert (charge["unreconciled"], charge["over_ceiling"]) == (True, False)
        assert failed == count, "once an answer is complete, more of it does not make it fail"
        failed += 1
    assert failed > len(chunks) // 2


@pytest.mark.parametrize("breaks", [False, True], ids=["ends", "breaks"])
@pytest.mark.parametrize(("llm", "body", "task"), OURS, ids=[llm for llm, _, _ in OURS])
def test_a_stream_of_each_dialect_cut_at_every_chunk(llm: str, body: bytes, task: str, breaks: bool) -> None:
    assert_paid_at_every_cut(llm, body, task, breaks=breaks)


@pytest.mark.skipif(not RECORDED.exists(), reason="the recorded answers are not at hand")
def test_recorded_streams_cut_at_every_chunk() -> None:
    found = list(theirs())
    assert len(found) >= 10
    for llm, body, task in found:
        assert_paid_at_every_cut(llm, body, task, breaks=False)
