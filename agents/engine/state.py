"""Where a run stands, as a fold over its recorded steps: the same after a crash as before it."""

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from agents.contracts.calls import AttachmentRef
from agents.contracts.llms import Finish
from agents.contracts.messages import AssistantMessage, Message, ToolCall, ToolMessage, UserMessage
from agents.contracts.specs import AgentSpec, LoopLimits
from agents.contracts.steps import LLMStep, MemoryStep, NoteStep, RouteStep, Step, ToolStep, VerdictStep
from agents.contracts.verdicts import Verdict
from agents.engine import tokens
from agents.engine.call_ids import UsedIds
from agents.engine.corrections import Corrections
from agents.engine.guard import TRAIL, Advice, Made, advise, circle
from agents.engine.recent import RecentCounts
from agents.engine.sources import Numbers, cited

MOST_REPEATS = 1_000
"""Calls that are watched for repeats; a run that goes round in a larger circle meets its other limits."""
MOST_UNKNOWN_TOOLS = 50
LEFT_OUT = (
    "Left out here, since the conversation grew too long: the {calls} oldest tool calls of this run and their results "
    "({by_tool}). They were made; do not take what you no longer see for undone."
)
REVISE = "Revise your answer. These points must be mended:\n{points}\nAnswer again in full."


@dataclass(frozen=True, slots=True)
class RunInput:
    """What a run was launched with; it never changes."""

    run_id: str
    tenant: str
    spec: AgentSpec
    llms: tuple[str, ...]
    limits: LoopLimits
    task: str
    at_cap: str
    started_at: datetime
    attachments: tuple[AttachmentRef, ...] = ()
    cheaper_llm: str = ""


@dataclass(frozen=True, slots=True)
class Counted:
    """A thread up to an answer: ``tokens`` by the count of the vendor behind ``llm``, ``estimated`` by ours."""

    llm: str
    tokens: int
    estimated: int


@dataclass(slots=True)
class RunState:
    """The working memory of one run; only ``apply`` changes it."""

    input: RunInput
    thread: list[Message] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    steps: int = 0
    turn: int = 0
    pending: list[ToolCall] = field(default_factory=list)
    draft: str | None = None
    best_draft: str = ""
    fewest_issues: int | None = None
    verdict: Verdict | None = None
    revisions: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    repeats: RecentCounts = field(default_factory=lambda: RecentCounts(MOST_REPEATS))
    trail: deque[Made] = field(default_factory=lambda: deque(maxlen=TRAIL))
    rejected_in_a_row: Counter[str] = field(default_factory=Counter)
    degraded: dict[str, str] = field(default_factory=dict)
    sources: Numbers = field(default_factory=Numbers)
    call_ids: UsedIds = field(default_factory=UsedIds)
    finish: Finish = "stop"
    cut_off: int = 0
    refused: int = 0
    corrections: Corrections = field(default_factory=Corrections)
    answered_by: str = ""
    calibration: float = 1.0
    calibrated_llm: str = ""
    counted: Counted | None = None
    only_llm: str = ""
    tool_counts: dict[frozenset[str], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._say(UserMessage(text=self.input.task))

    @property
    def withdrawn(self) -> set[str]:
        """Tools taken away after too many rejected calls in a row."""
        limit = self.input.limits.max_rejected_calls
        return {tool for tool, count in self.rejected_in_a_row.items() if count >= limit}

    def circle(self, tool: str, key: str) -> tuple[str, ...]:
        """The tools that this call would go round by turns; () for none."""
        return circle(self.trail, (tool, key))

    def advice(self, tool: str, key: str) -> Advice:
        """What to do about this call, were it made now."""
        return advise(self.repeats[key], self.input.limits, circling=bool(self.circle(tool, key)))

    @property
    def first_turn(self) -> int:
        """Where in the thread the turns begin: behind the task, and behind the note on what was left out."""
        return 2 if self.left_out else 1

    def replay(self, steps: Iterable[Step]) -> None:
        """Fold recorded steps, in order. Raises ValueError at a hole in their numbers."""
        for step in steps:
            if step.number != self.steps + 1:
                raise ValueError(f"step {self.steps + 1} is missing: found {step.number}")
            self.apply(step)

    def apply(self, step: Step) -> None:
        """Take one step into account."""
        self.steps = step.number
        self.turn = max(self.turn, step.turn)
        match step.output:
            case LLMStep() as answer:
                self._hear(answer)
            case ToolStep() as result:
                self.corrections.take(result.result.name, result.reason, self.turn, self.answered_by)
                self._take(result)
            case MemoryStep() as memory:
                self._shorten(memory.replacements)
                self._leave_out(memory.forgotten)
            case VerdictStep() as judged:
                self._judge(judged)
            case NoteStep() as note:
                self.draft = None
                self._say(UserMessage(text=note.text))
            case RouteStep() as route:
                self.only_llm = route.llm

    def _say(self, message: Message) -> None:
        self.thread.append(message)
        self.counts.append(tokens.of_message(message))

    def _hear(self, answer: LLMStep) -> None:
        self._say(answer.message)
        self.pending = list(answer.message.calls)
        self.call_ids.update(call.call_id for call in self.pending)
        self.draft = None if self.pending else answer.message.text
        self.verdict = None
        self.finish = answer.finish
        self.answered_by = answer.llm or answer.served_llm
        if self.draft is not None:
            self.cut_off += answer.finish == "length"
            self.refused += answer.finish in ("refusal", "content_filter")
        self._count(answer)

    def _count(self, answer: LLMStep) -> None:
        """What the vendor counted of the prompt, and of the answer with the reasoning that goes back with it."""
        self.calibration = tokens.calibration(answer.prompt_tokens, answer.usage.input_tokens)
        self.calibrated_llm, self.counted = answer.llm, None
        believable = answer.usage.input_tokens >= answer.prompt_tokens * tokens.LOWEST
        if answer.llm and answer.prompt_tokens and believable:
            spoken = self.counts[-1]
            total = answer.usage.input_tokens + max(answer.usage.output_tokens, spoken)
            self.counted = Counted(answer.llm, total, answer.prompt_tokens + spoken)

    def _take(self, step: ToolStep) -> None:
        result = step.result
        self._say(result)
        self.pending = [call for call in self.pending if call.call_id != result.call_id]
        if step.reason in ("invalid_arguments", "unknown_tool"):
            self._rejected(result.name)
        elif step.reason != "withdrawn":
            self.rejected_in_a_row.pop(result.name, None)
        if step.key:
            self.repeats.count(step.key)
            self.trail.append((result.name, step.key))
        if result.status == "degraded":
            self.degraded.setdefault(result.name, _reason(result))
        self.sources.update(cited(result.content))

    def _rejected(self, name: str) -> None:
        known = name in self.rejected_in_a_row or any(tool.name == name for tool in self.input.spec.tools)
        if known or len(self.rejected_in_a_row) < len(self.input.spec.tools) + MOST_UNKNOWN_TOOLS:
            self.rejected_in_a_row[name] += 1

    def _shorten(self, replacements: dict[str, str]) -> None:
        self.counted = None
        for index, message in enumerate(self.thread):
            if isinstance(message, ToolMessage) and message.call_id in replacements:
                shorter = message.model_copy(update={"content": replacements[message.call_id]})
                self.thread[index] = shorter
                self.counts[index] = tokens.of_message(shorter)

    def _leave_out(self, messages: int) -> None:
        if not messages:
            return
        note = self.note_on(messages)
        first = self.first_turn
        self.left_out += self._calls_in(self.thread[first : first + messages])
        self.thread[1 : first + messages] = [note]
        self.counts[1 : first + messages] = [tokens.of_message(note)]

    def note_on(self, messages: int) -> UserMessage:
        """What the LLM is told in place of all that was left out, were so many more of the oldest messages to go."""
        total = self.left_out + self._calls_in(self.thread[self.first_turn : self.first_turn + messages])
        by_tool = ", ".join(f"{name} {count}" for name, count in sorted(total.items())) or "none"
        return UserMessage(text=LEFT_OUT.format(calls=total.total(), by_tool=by_tool))

    def _calls_in(self, messages: Iterable[Message]) -> Counter[str]:
        known = {tool.name for tool in self.input.spec.tools}
        calls = (call.name for message in messages if isinstance(message, AssistantMessage) for call in message.calls)
        return Counter(name if name in known else "other" for name in calls)

    def _judge(self, judged: VerdictStep) -> None:
        self.verdict = judged.verdict
        issues = judged.verdict.issues
        if self.fewest_issues is None or len(issues) < self.fewest_issues:
            self.best_draft, self.fewest_issues = judged.draft, len(issues)
        if issues:
            self.revisions += 1
            self.draft = None
            points = "\n".join(f"- {issue.text}" for issue in issues)
            self._say(UserMessage(text=REVISE.format(points=points)))


def _reason(result: ToolMessage) -> str:
    content = result.content
    return str(content.get("error", "")) if isinstance(content, dict) else str(content)
