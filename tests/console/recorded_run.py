"""A run as rows with its steps, its trace and its effects: it wrote to Ann, wrote to Ben, and answered."""

from datetime import UTC, datetime

from agents.contracts.messages import AssistantMessage, ToolCall, ToolMessage
from agents.contracts.specs import AgentSpec
from agents.contracts.steps import LLMStep, Step, StepOutput, ToolStep, VerdictStep
from agents.contracts.verdicts import Verdict
from agents.engine.guard import call_key
from agents.journal import statements
from agents.journal.rows import NewRows
from agents.library.sync import keep_version
from agents.models import Effect, Run
from budgets.models import Tenant
from budgets.pricing import Usage
from tests.agents.engine.doubles import asks, call, says
from tests.agents.workers import SHOUT
from tests.console.conftest import AddEvents, MakeRun

LLM = "rehearsal:search"
ANSWERED = 5
"""The step of the answer; 1 and 3 ask for letters, which 2 and 4 send; 6 is the verdict."""


def answer(message: AssistantMessage) -> LLMStep:
    """What the LLM said."""
    return LLMStep(
        message=message,
        finish="stop",
        asked_llm=LLM,
        served_llm=LLM,
        usage=Usage(100, 20),
        prompt_tokens=0,
        llm=LLM,
    )


def sent(made: ToolCall) -> ToolStep:
    """A letter that went out."""
    result = ToolMessage(call_id=made.call_id, name="shout", status="ok", content={"sent_to": to(made)})
    return ToolStep(result=result, served_by="post", key=key_of(made))


def to(made: ToolCall) -> str:
    return str((made.arguments or {})["to"])


def key_of(made: ToolCall) -> str:
    return call_key("shout", "1", made.arguments or {})


def letters() -> tuple[ToolCall, ToolCall]:
    return call("shout", "c1", to="ann"), call("shout", "c2", to="ben")


def recorded_run(acme: Tenant, make_run: MakeRun, add_events: AddEvents) -> Run:
    """The run with all its rows; its trace has a row for each step."""
    spec = AgentSpec(
        name="reader", title="Reader", purpose="Writes.", system_prompt="You write.", llms=(LLM,), tools=(SHOUT,)
    )
    run = make_run(acme, state="completed", answer="Written.", turn=3, steps_count=6)
    run.version = keep_version(spec=spec)
    run.save()
    _add_steps(run)
    for turn, made in enumerate(letters(), start=1):
        _add_effect(run, made, step=2 * turn)
        said = {"call_id": made.call_id, "name": "shout", "arguments": made.arguments}
        _add_answer(add_events, run, turn, calls=[said])
        told = {"tool": "shout", "call_id": made.call_id, "turn": turn, "span": f"t{turn}"}
        add_events(run, ("tool.started", {**told, "arguments": made.arguments}))
        add_events(run, ("tool.ended", {**told, "status": "ok", "output": {"sent_to": to(made)}, "ms": 5}))
    _add_answer(add_events, run, 3, text="Written.")
    add_events(run, ("verdict.given", {"accepted": True, "issues": [], "turn": 3, "span": "v3", "ms": 1}))
    return run


def _add_steps(run: Run) -> None:
    first, second = letters()
    outputs: list[StepOutput] = [
        answer(asks(first)),
        sent(first),
        answer(asks(second)),
        sent(second),
        answer(says("Written.")),
        VerdictStep(verdict=Verdict(), draft="Written."),
    ]
    rows, at = NewRows(), datetime.now(UTC)
    for number, output in enumerate(outputs, start=1):
        rows.steps.append((run.pk, Step(number=number, turn=(number + 1) // 2, output=output), at))
    statements.write_group([], rows)


def _add_effect(run: Run, made: ToolCall, *, step: int) -> None:
    at = datetime.now(UTC)
    Effect.objects.create(
        run=run,
        step=step,
        call_id=made.call_id,
        tool="shout",
        tool_version="1",
        scope=run.pk,
        key=key_of(made),
        state="succeeded",
        arguments=made.arguments or {},
        result={"value": {"sent_to": to(made)}},
        epoch=1,
        started_at=at,
        ended_at=at,
    )


def _add_answer(add_events: AddEvents, run: Run, turn: int, **said: object) -> None:
    begun = {"llm": LLM, "turn": turn, "span": f"m{turn}"}
    add_events(run, ("model.started", begun), ("model.ended", {**begun, **said, "status": "ok", "ms": 9}))
