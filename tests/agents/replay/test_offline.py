"""A run replayed offline goes as it was recorded, and what would go otherwise is named with its step."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from pydantic import JsonValue

from agents.contracts.calls import Call
from agents.contracts.messages import ToolMessage
from agents.contracts.specs import AgentSpec, CheckSpec, Implementation, MemoryLimits, ToolSpec
from agents.contracts.steps import LLMStep, Step, ToolStep
from agents.engine.state import RunInput
from agents.replay.offline import replay
from agents.replay.recording import Recording
from agents.tools.define import Arguments, python_tool
from tests.agents.golden.runs import NAMES, golden


def recorded(name: str) -> Recording:
    """A golden run as it is replayed."""
    run = golden(name)
    return Recording(run.given, run.steps, run.blobs, run.stored["state"], run.stored["answer"])


@pytest.mark.parametrize("name", NAMES)
def test_every_golden_run_goes_as_it_was_recorded(name: str) -> None:
    recording = recorded(name)
    report = replay(recording)
    assert (report.divergence, report.steps) == (None, len(recording.steps))
    assert replay(recording, other=recording.given).same


@pytest.mark.parametrize("name", NAMES)
def test_a_run_that_was_stopped_anywhere_has_no_divergence_up_to_there(name: str) -> None:
    whole = recorded(name)
    for length in range(len(whole.steps)):
        stopped = replace(whole, steps=whole.steps[:length], state="killed", answer="")
        assert replay(stopped).divergence is None, f"stopped after step {length}"


def test_a_fork_is_gone_through_behind_what_it_took_over() -> None:
    whole = recorded("v2/everyday")
    given = replace(whole.given, spec=whole.given.spec.model_copy(update={"system_prompt": "Be brief."}))
    report = replay(replace(whole, given=given, taken_over=11))
    assert (report.divergence, report.steps) == (None, len(whole.steps) - 11)


def otherwise(name: str, number: int, change: Callable[[ToolStep], ToolStep]) -> Recording:
    """A golden run in which one result was another one."""
    recording = recorded(name)
    step = recording.steps[number - 1]
    assert isinstance(step.output, ToolStep)
    steps = list(recording.steps)
    steps[number - 1] = step.model_copy(update={"output": change(step.output)})
    return replace(recording, steps=steps)


def by_another_name(result: ToolStep) -> ToolStep:
    return result.model_copy(update={"key": "0" * 64})


def without_complaint(result: ToolStep) -> ToolStep:
    message = ToolMessage(call_id=result.result.call_id, name=result.result.name, status="ok", content="five teas")
    return result.model_copy(update={"result": message, "reason": ""})


def test_a_result_that_comes_otherwise_is_named_with_its_step() -> None:
    report = replay(otherwise("v2/everyday", 2, by_another_name))
    assert report.steps == 1
    assert report.divergence is not None
    assert report.divergence.number == 2
    report = replay(otherwise("v2/clumsy", 2, without_complaint))
    assert report.divergence is not None
    assert report.divergence.text.startswith(
        "Step 2: recorded was that look_up answers ok; now look_up refuses its arguments (count: "
    )


def test_an_end_that_was_another_one_is_said() -> None:
    report = replay(replace(recorded("v2/everyday"), answer="Tea is blue."))
    assert report.divergence is not None
    assert report.divergence.text == (
        "The end: recorded was that the run ends as degraded; now the run ends as degraded, with another answer."
    )
    cut = recorded("v2/everyday")
    report = replay(replace(cut, steps=cut.steps[:-2]))
    assert report.divergence is not None
    assert report.divergence.came == "test:dear is asked"


def test_a_tool_whose_code_is_gone_is_a_finding() -> None:
    def moved(tool: ToolSpec) -> ToolSpec:
        gone = Implementation(name="shelf", target="tests.agents.golden.tools:no_such_thing")
        return tool.model_copy(update={"implementations": (gone,)}) if tool.name == "look_up" else tool

    report = replay(recorded("v2/everyday"), other=version(tools=moved))
    assert report.divergence is not None
    assert report.divergence.number == 2
    assert "the runtime fails: AttributeError" in report.divergence.came


class CountedQuery(Arguments):
    """What to look up, with a count that must be given."""

    text: str
    count: int


def counted(arguments: CountedQuery, call: Call) -> JsonValue:
    """Never called: a replay calls no tool."""
    raise AssertionError((arguments, call))


def version(
    *, tools: Callable[[ToolSpec], ToolSpec | None] = lambda tool: tool, name: str = "v2/everyday", **changes: object
) -> RunInput:
    """What the golden run would be given with another version of its agent."""
    given = recorded(name).given
    kept = tuple(own for tool in given.spec.tools if (own := tools(tool)) is not None)
    spec: AgentSpec = given.spec.model_copy(update={"tools": kept, **changes})
    return replace(given, spec=spec, llms=spec.llms, limits=spec.limits)


def with_count(tool: ToolSpec) -> ToolSpec:
    if tool.name != "look_up":
        return tool
    return python_tool("look_up", [counted], description=tool.description)


def asked_first(tool: ToolSpec) -> ToolSpec:
    return tool.model_copy(update={"needs_approval": True}) if tool.name == "send" else tool


def without_the_post(tool: ToolSpec) -> ToolSpec | None:
    return None if tool.name == "send" else tool


SMALL = MemoryLimits(soft_tokens=600, hard_tokens=32_000, kept_turns=1, inline_characters=800)
BLUE = (CheckSpec(check="required", settings={"phrases": ["blue"]}),)
OTHERS: list[tuple[RunInput, str, int, str]] = [
    (version(system_prompt="You are brief."), "the instructions", 0, ""),
    (version(llms=("test:new",)), "the LLM (test:new)", 0, ""),
    (version(tools=with_count), "the tools (changed: look_up)", 2, "look_up refuses its arguments (count: is missing"),
    (version(tools=asked_first), "", 9, "a person is asked for leave"),
    (version(tools=without_the_post), "the tools (gone: send)", 9, "there is no tool send"),
    (version(checks=BLUE), "", 18, "the critic rejects the draft: The answer must contain “blue”."),
    (version(memory=SMALL), "the conversation so far", 8, "the memory is shortened by truncation"),
]


@pytest.mark.parametrize(("other", "request_differs_in", "number", "came"), OTHERS)
def test_another_version_would_have_gone_otherwise(
    other: RunInput, request_differs_in: str, number: int, came: str
) -> None:
    report = replay(recorded("v2/everyday"), other=other)
    assert not report.same
    if request_differs_in and report.request is not None:
        assert request_differs_in in report.request.came
    assert (report.divergence.number if report.divergence else 0) == number
    assert (report.divergence.came if report.divergence else "").startswith(came)


def test_where_the_request_differs_first_is_said() -> None:
    recording = recorded("v2/everyday")
    report = replay(recording, other=version(system_prompt="You are brief."))
    assert report.request is not None
    assert (report.request.number, report.divergence, report.steps) == (1, None, len(recording.steps))
    assert report.request.text == (
        "Step 1: recorded was that test:dear is asked; now the request differs in the instructions."
    )


def test_llm_answers_are_served_from_the_record_and_never_compared() -> None:
    recording = recorded("v2/rejected")
    steps: list[Step] = [
        step.model_copy(update={"output": step.output.model_copy(update={"prompt_tokens": 1})})
        if isinstance(step.output, LLMStep)
        else step
        for step in recording.steps
    ]
    assert replay(replace(recording, steps=steps)).same
