"""Where a replay leaves the recorded way, in words. Pure."""

from dataclasses import dataclass

from pydantic import JsonValue

from agents.contracts.messages import ToolMessage
from agents.contracts.steps import LLMStep, MemoryStep, NoteStep, RouteStep, Step, ToolStep, VerdictStep

SHOWN_CHARACTERS = 160


@dataclass(frozen=True, slots=True)
class Divergence:
    """The first step that does not come as it was recorded; 0 for the run's end behind its last step."""

    number: int
    recorded: str
    came: str

    @property
    def text(self) -> str:
        """One sentence for people."""
        place = f"Step {self.number}" if self.number else "The end"
        return f"{place}: recorded was that {self.recorded}; now {self.came}."


class Diverged(Exception):
    """The replay cannot go on: nothing was recorded for what comes now."""

    def __init__(self, divergence: Divergence) -> None:
        super().__init__(divergence.text)
        self.divergence = divergence


class EndOfRecording(Exception):
    """The replay has used all that was recorded; what would come next nobody knows. The text says what it was."""


def difference(recorded: Step, came: Step) -> Divergence | None:
    """None when a step comes as it was recorded.

    What an LLM said and what a person decided is served from the record: only that it is asked for counts.
    """
    if _same(recorded, came):
        return None
    before, now = told(recorded), told(came)
    return Divergence(recorded.number, before, f"{now}, in other words" if before == now else now)


def told(step: Step) -> str:
    """What a step was, as the end of "recorded was that …"."""
    match step.output:
        case LLMStep() as answer:
            calls = ", ".join(call.name for call in answer.message.calls)
            return f"the LLM asks for {calls}" if calls else "the LLM answers"
        case ToolStep() as result:
            return _told_of(result)
        case MemoryStep() as memory:
            return f"the memory is shortened by {memory.by}"
        case VerdictStep() as judged:
            issues = "; ".join(issue.text for issue in judged.verdict.issues)
            return _short(f"the critic rejects the draft: {issues}") if issues else "the critic accepts the draft"
        case NoteStep() as note:
            return _short(f"the LLM is told: {note.text}")
        case RouteStep() as route:
            return f"the run goes on with {route.llm}, for want of money"


def _told_of(step: ToolStep) -> str:
    said = {
        "": f"{step.result.name} answers {step.result.status}",
        "invalid_arguments": f"{step.result.name} refuses its arguments",
        "unknown_tool": f"there is no tool {step.result.name}",
        "withdrawn": f"{step.result.name} is withdrawn",
        "repeated": f"{step.result.name} is blocked as a repeated call",
        "deduped": f"{step.result.name} is answered from its record",
        "denied": f"a person denies {step.result.name}",
        "failed": f"{step.result.name} is out of service",
    }[step.reason]
    return _short(f"{said} ({error})") if (error := _error(step.result)) else said


def _same(recorded: Step, came: Step) -> bool:
    match recorded.output, came.output:
        case LLMStep(), LLMStep():
            return True
        case ToolStep() as before, ToolStep() as now:
            return _same_result(before, now)
        case MemoryStep() as before, MemoryStep() as now:
            return (before.replacements, before.by, before.forgotten) == (now.replacements, now.by, now.forgotten)
        case before, now:
            return before == now


def _same_result(before: ToolStep, now: ToolStep) -> bool:
    if (before.result.call_id, before.result.name, before.result.status, before.reason, before.key) != (
        now.result.call_id,
        now.result.name,
        now.result.status,
        now.reason,
        now.key,
    ):
        return False
    if before.reason == "denied":
        return True
    if before.reason == "invalid_arguments":
        return _wrong_fields(before.result) == _wrong_fields(now.result)
    if before.reason == "failed":
        return _error(before.result) == _error(now.result)
    return before.result.content == now.result.content


def _wrong_fields(result: ToolMessage) -> set[str]:
    """Where the arguments were wrong; each release has its own words for what was wrong there."""
    fields = result.content.get("fields") if isinstance(result.content, dict) else None
    return {str(each.get("path")) for each in fields if isinstance(each, dict)} if isinstance(fields, list) else set()


def _error(result: ToolMessage) -> str:
    """Why a call was not served, as far as its result says so."""
    content: JsonValue = result.content
    if not isinstance(content, dict):
        return ""
    fields = content.get("fields")
    problems = (
        [f"{each.get('path')}: {each.get('problem')}" for each in fields if isinstance(each, dict)]
        if (isinstance(fields, list))
        else []
    )
    return "; ".join(problems) or str(content.get("error", ""))


def _short(text: str) -> str:
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"
