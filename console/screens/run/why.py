"""Why a run is where it is, from the facts in its trace: first cause first, nothing guessed.

Pure: events in, findings out.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from agents.contracts.base import JsonObject
from budgets.money import format_usd
from budgets.tiers import SCOPE_NAMES, Scope
from console.live.status import run_status

Severity = Literal["bad", "warn", "note"]
MOST_FINDINGS = 8
_NAME = re.compile(r"[A-Za-z0-9_.:/-]{1,64}")


class Fact(Protocol):
    """An event with its number, as the trace stores it."""

    @property
    def seq(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def span_id(self) -> str: ...
    @property
    def parent_span_id(self) -> str: ...
    @property
    def data(self) -> JsonObject: ...


@dataclass(frozen=True, slots=True)
class Finding:
    """One cause: what happened, how bad, at which event and step, how often after that, and to which tool."""

    severity: Severity
    title: str
    text: str
    seq: int
    span_id: str = ""
    times: int = 1
    step_id: str = ""
    step_label: str = ""
    shown: bool = False
    tool: str = ""


def why(events: Iterable[Fact], times: Mapping[int, int] | None = None) -> list[Finding]:
    """The causes in the order they began, like ones counted together, at most eight.

    ``times``: for how many like it an event stands, by its number; 1 unless said.
    """
    found = [finding for event in events if (finding := _finding(event))]
    counted: Counter[tuple[str, Severity]] = Counter()
    for finding in found:
        counted[finding.title, finding.severity] += times.get(finding.seq, 1) if times else 1
    return _capped(_first_of_each(found, counted))


def located(
    findings: Iterable[Finding], shown: Mapping[str, str], elsewhere: Mapping[int, tuple[str, str]]
) -> list[Finding]:
    """The findings with the row of the trace that each is about, and what to call it.

    ``shown`` are the rows of the page with their words; ``elsewhere`` is the row and its words by the event.
    """
    found = []
    for finding in findings:
        row = next((row for row in (f"e{finding.seq}", finding.span_id) if row in shown), "")
        away, words = elsewhere.get(finding.seq, ("", ""))
        found.append(replace(finding, step_id=row or away, step_label=shown[row] if row else words, shown=row in shown))
    return found


def first_cause(findings: Iterable[Finding]) -> Finding | None:
    """What a person looks at first: the first thing that failed, else that warns, else that anybody said."""
    with_rows = [finding for finding in findings if finding.step_id]
    rank = {"bad": 0, "warn": 1, "note": 2}
    return min(with_rows, key=lambda finding: (rank[finding.severity], finding.seq), default=None)


def tells(kind: str, data: JsonObject) -> bool:
    """Whether an event is a cause, so that a page which shows causes is older than it."""
    tell = _TELLERS.get(kind)
    return tell is not None and tell(data) is not None


def _first_of_each(found: Iterable[Finding], times: Counter[tuple[str, Severity]]) -> Iterator[Finding]:
    seen: set[tuple[str, Severity]] = set()
    said = ""
    for each in found:
        like = (each.title, each.severity)
        if like not in seen:
            seen.add(like)
            # A fallback and the failure before it give the same reason; once is enough.
            yield replace(each, text="" if each.text == said else each.text, times=times[like])
            said = each.text


def _capped(findings: Iterable[Finding]) -> list[Finding]:
    """With more than fit, notes go first, then warnings; what is left keeps its order."""
    all_found = list(findings)
    rank = {"bad": 0, "warn": 1, "note": 2}
    kept = sorted(all_found, key=lambda finding: (rank[finding.severity], finding.seq))[:MOST_FINDINGS]
    return sorted(kept, key=lambda finding: finding.seq)


def _finding(event: Fact) -> Finding | None:
    tell = _TELLERS.get(event.kind)
    told = tell(event.data) if tell else None
    if told is None:
        return None
    severity, title, text = told
    # An attempt's or a hold's cause is looked up at the step it belongs to.
    span = event.parent_span_id if event.kind == "attempt.ended" else event.span_id
    return Finding(severity, title, text, event.seq, span, tool=_named(event.data))


def _named(data: JsonObject) -> str:
    """The tool, as long as that can be a name: an LLM may write anything where one belongs."""
    name = data.get("tool")
    return name if isinstance(name, str) and _NAME.fullmatch(name) else ""


Told = tuple[Severity, str, str]


def _word(data: JsonObject, *names: str) -> str:
    return next((str(data[name]) for name in names if data.get(name)), "")


def _model_ended(data: JsonObject) -> Told | None:
    if data.get("status") != "failed":
        return None
    return "bad", f"LLM call failed: {_word(data, 'error') or 'no answer'}", _word(data, "detail")


def _model_retried(data: JsonObject) -> Told:
    return "warn", f"LLM call retried: {_word(data, 'error')}", _word(data, "detail")


def _model_fallback(data: JsonObject) -> Told:
    return "warn", f"LLM fell back: {_word(data, 'from')} → {_word(data, 'to')}", _word(data, "error")


def _attempt_ended(data: JsonObject) -> Told | None:
    if data.get("status") not in {"failed", "timeout"}:
        return None
    verb = "timed out" if data["status"] == "timeout" else "failed"
    return "bad", f"{_word(data, 'implementation')} {verb}", _word(data, "error")


def _tool_fallback(data: JsonObject) -> Told:
    return (
        "warn",
        f"{_word(data, 'tool')} fell back: {_word(data, 'from')} → {_word(data, 'to')}",
        _word(data, "error"),
    )


def _tool_ended(data: JsonObject) -> Told | None:
    if data.get("status") != "degraded":
        return None
    return (
        "warn",
        f"{_word(data, 'tool')} is degraded",
        _word(data, "reason") or "Every implementation failed.",
    )


def _call_rejected(data: JsonObject) -> Told:
    fields = data.get("fields")
    problems = [
        f"{field.get('path') or 'arguments'}: {field.get('problem', '')}"
        for field in (fields if isinstance(fields, list) else [])
        if isinstance(field, dict)
    ]
    words = _word(data, "error_type").replace("_", " ")
    return "warn", f"Call of {_word(data, 'tool')} rejected: {words}", "; ".join(problems)


def _call_blocked(data: JsonObject) -> Told:
    return (
        "warn",
        f"{_word(data, 'tool')} blocked",
        f"The same call was repeated {_word(data, 'repeats')} times{_in_a_circle(data)}.",
    )


def _in_a_circle(data: JsonObject) -> str:
    circle = data.get("circle")
    return f", in a circle of {', '.join(map(str, circle))}" if isinstance(circle, list) and circle else ""


def _withdrawn(data: JsonObject) -> Told:
    text = f"{_word(data, 'rejections')} rejected calls in a row."
    return "warn", f"{_word(data, 'tool')} withdrawn for this run", text


def _hold_refused(data: JsonObject) -> Told:
    scope = _word(data, "scope")
    of = SCOPE_NAMES.get(_scope(scope), scope) if scope else "this run"
    amounts = (
        ("limit", "limit_nanos"),
        ("spent", "spent_nanos"),
        ("held", "held_nanos"),
        ("asked", "asked_nanos"),
    )
    shown = [f"{name} {format_usd(nanos)}" for name, key in amounts if isinstance(nanos := data.get(key), int)]
    return "bad", f"The budget of {of} refused the next call", ", ".join(shown) or _word(data, "text")


def _scope(scope: str) -> Scope:
    return next((known for known in SCOPE_NAMES if known == scope), "run")


def _verdict(data: JsonObject) -> Told | None:
    if data.get("accepted"):
        return None
    issues = data.get("issues")
    texts = [
        str(issue.get("text", "")) for issue in (issues if isinstance(issues, list) else []) if isinstance(issue, dict)
    ]
    return "warn", "The critic sent the draft back", "; ".join(texts)


def _kill(data: JsonObject) -> Told:
    return "note", f"Killed by {_word(data, 'by')}", _word(data, "reason")


def _paused(data: JsonObject) -> Told:
    if data.get("state") == "waiting_approval":
        return "note", "Stopped for a person's decision", _word(data, "reason")
    return "note", run_status(_word(data, "state") or "paused").word.capitalize(), _word(data, "reason")


def _ended(data: JsonObject) -> Told | None:
    if data.get("state") not in {"failed", "dead", "refused", "flagged", "degraded"}:
        return None
    severity: Severity = "warn" if data["state"] in {"flagged", "degraded"} else "bad"
    return severity, f"The run ended {_word(data, 'state')}", _word(data, "reason")


ALIKE: dict[str, tuple[str, ...]] = {
    "model.ended": ("status", "error", "llm"),
    "model.retried": ("error",),
    "model.fallback": ("from", "to"),
    "attempt.ended": ("status", "implementation"),
    "tool.fallback": ("tool", "from", "to"),
    "tool.ended": ("status", "tool"),
    "call.rejected": ("tool", "error_type"),
    "call.blocked": ("tool",),
    "tool.withdrawn": ("tool",),
    "hold.refused": ("scope",),
    "verdict.given": ("accepted",),
    "kill.requested": ("by",),
    "run.paused": ("state",),
    "error.raised": ("where",),
    "effect.unknown": ("tool",),
    "run.ended": ("state",),
}
"""What a cause is told apart by, for each kind of event: of those alike in it one tells for all."""

_TELLERS = {
    "model.ended": _model_ended,
    "model.retried": _model_retried,
    "model.fallback": _model_fallback,
    "attempt.ended": _attempt_ended,
    "tool.fallback": _tool_fallback,
    "tool.ended": _tool_ended,
    "call.rejected": _call_rejected,
    "call.blocked": _call_blocked,
    "tool.withdrawn": _withdrawn,
    "hold.refused": _hold_refused,
    "verdict.given": _verdict,
    "kill.requested": _kill,
    "run.paused": _paused,
    "error.raised": lambda data: ("bad", f"Error in {_word(data, 'where')}", _word(data, "error")),
    "effect.unknown": lambda data: ("bad", f"Nobody heard whether {_word(data, 'tool')} happened", ""),
    "run.ended": _ended,
}
