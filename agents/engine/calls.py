"""What becomes of each call an LLM asked for: validate, repeat or dedupe, approve, carry out."""

from pydantic import JsonValue

from agents.contracts.base import JsonObject
from agents.contracts.endings import Ending
from agents.contracts.messages import ToolCall
from agents.contracts.specs import ToolSpec
from agents.contracts.steps import ToolReason
from agents.engine import prompt
from agents.engine.approval import edit_of, require_approval
from agents.engine.carry_out import CarryOut, in_circles, record_result
from agents.engine.guard import call_key
from agents.engine.halt import Halt
from agents.engine.known_effects import deduped
from agents.engine.large_output import read_more
from agents.engine.work import Work, shown
from agents.tools import boundary


def answer_calls(work: Work) -> None:
    """Give every pending call of the last answer its result, in order. Raises Halt when the run must stop or wait."""
    for call in tuple(work.state.pending):
        work.stay()
        answer_call(work, call)


def answer_call(work: Work, call: ToolCall) -> None:
    """Give one call its result."""
    if call.name == prompt.READ_MORE.name and prompt.tool_schemas(work.state):
        _read_on(work, call)
        return
    try:
        tool, arguments, key = _validated(work, call)
    except boundary.Rejected as rejected:
        _reject(work, call, rejected)
        return
    if tool.name in work.state.degraded:
        record_result(work, call, "degraded", _still_degraded(work, tool), reason="failed", key=key)
        return
    decision = work.ports.memory.decision(call.call_id)
    edit = edit_of(tool, call, decision, arguments, key)
    if _repeated(work, call, tool, key) or deduped(work, call, tool, edit.key if edit else key, edit=edit):
        return
    denial = require_approval(work, tool, call, arguments, key, decision=decision, edit=edit)
    if denial is not None:
        record_result(work, call, "denied", denial, reason="denied", key=key)
        return
    if not CarryOut(work, call, tool, arguments, key, edit=edit).done():
        answer_call(work, call)  # another run of the tenant was faster: its record or its trouble is ours too


def _read_on(work: Work, call: ToolCall) -> None:
    """The runtime's own tool: nothing outside is asked, so it needs no leave, but it is in the trace like any call."""
    span = work.span()
    named: JsonObject = {"tool": call.name, "call_id": call.call_id}
    work.fact("tool.started", {**named, "arguments": shown(call.arguments), "effect": "pure"}, span)
    status, content = read_more(work.ports.memory, call)
    ended: JsonObject = {**named, "status": status, "served_by": "", "output": shown(content), "reason": ""}
    work.ended("tool.ended", ended, span)
    record_result(work, call, status, content)


def _validated(work: Work, call: ToolCall) -> tuple[ToolSpec, JsonObject, str]:
    offered = {tool.name: tool for tool in work.state.input.spec.tools}
    if call.name in work.state.withdrawn:
        raise boundary.Rejected("withdrawn", [], f"{call.name} was withdrawn: too many invalid calls. Go on without.")
    tool = boundary.find(call.name, offered)
    arguments = boundary.validate(tool, call)
    try:
        key = call_key(tool.name, tool.version, arguments, tool.volatile)
    except ValueError as error:
        problem: JsonObject = {"path": "", "problem": str(error), "accepted": "numbers that JSON carries exactly"}
        raise boundary.Rejected("invalid_arguments", [problem], f"Call {tool.name} again.") from error
    return tool, arguments, key


def _reject(work: Work, call: ToolCall, rejected: boundary.Rejected) -> None:
    data: JsonObject = {
        "tool": call.name,
        "call_id": call.call_id,
        "error_type": rejected.error_type,
        "llm": work.state.answered_by,
        "fields": list[JsonValue](rejected.fields),
        "arguments": shown(call.arguments if call.arguments is not None else call.arguments_raw),
    }
    work.fact("call.rejected", data)
    before = work.state.withdrawn
    reasons: dict[str, ToolReason] = {"unknown_tool": "unknown_tool", "withdrawn": "withdrawn"}
    reason = reasons.get(rejected.error_type, "invalid_arguments")
    record_result(work, call, "error", rejected.content, reason=reason)
    for name in work.state.withdrawn - before:
        work.fact("tool.withdrawn", {"tool": name, "rejections": work.state.rejected_in_a_row[name]})


def _still_degraded(work: Work, tool: ToolSpec) -> JsonObject:
    return {
        "status": "degraded",
        "error": work.state.degraded[tool.name],
        "advice": f"{tool.name} is unavailable in this run. It was not called again.",
    }


def _repeated(work: Work, call: ToolCall, tool: ToolSpec, key: str) -> bool:
    """Block or stop a call that was made too often. True when it has its answer already."""
    made, advice = work.state.repeats[key], work.state.advice(tool.name, key)
    circle = work.state.circle(tool.name, key)
    data: JsonObject = {"tool": tool.name, "call_id": call.call_id, "repeats": made, "circle": list(circle)}
    if advice == "stop":
        work.fact("call.blocked", data)
        went = f", in a circle of {' and '.join(circle)}" if circle else ""
        reason = f"Runaway: {tool.name} was called {made + 1} times with the same arguments{went}."
        raise Halt(Ending(state="failed", reason=reason, answer=work.state.best_draft))
    if advice != "block":
        return False
    work.fact("call.blocked", data)
    error = f"This very call was made {made} times already; its result will not change. Answer, or do otherwise."
    content: JsonObject = {"status": "blocked", "error": f"{error} {in_circles(circle)}".rstrip()}
    record_result(work, call, "blocked", content, reason="repeated", key=key)
    return True
