"""What becomes of each call an LLM asked for: validate, dedupe, approve, carry out, record."""

from pydantic import JsonValue

from agents.contracts.base import JsonObject
from agents.contracts.calls import Call
from agents.contracts.endings import Ending
from agents.contracts.messages import ToolCall, ToolMessage, ToolStatus
from agents.contracts.specs import ToolSpec
from agents.contracts.steps import ToolReason, ToolStep
from agents.engine import prompt, sources
from agents.engine.approval import require_approval
from agents.engine.batch import EffectEnd, EffectStart
from agents.engine.guard import advise, call_key, far_end_key
from agents.engine.halt import Halt
from agents.engine.large_output import bounded, read_more
from agents.engine.ports import Interrupted, KnownEffect
from agents.engine.work import Span, Work, shown
from agents.tools import boundary
from agents.tools.chain import Chain, Served

SENT = ("started", "unknown")


def answer_calls(work: Work) -> None:
    """Give every pending call of the last answer its result, in order. Raises Halt when the run must stop or wait."""
    for call in tuple(work.state.pending):
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
        _result(work, call, "degraded", _still_degraded(work, tool), reason="failed", key=key)
        return
    if _repeated(work, call, tool, key) or _deduped(work, call, tool, key):
        return
    denial = require_approval(work, tool, call, arguments, key)
    if denial is not None:
        _result(work, call, "denied", denial, reason="denied", key=key)
        return
    _carry_out(work, call, tool, arguments, key)


def _read_on(work: Work, call: ToolCall) -> None:
    """The runtime's own tool: nothing outside is asked, so it needs no leave, but it is in the trace like any call."""
    span = work.span()
    named: JsonObject = {"tool": call.name, "call_id": call.call_id}
    work.fact("tool.started", {**named, "arguments": shown(call.arguments), "effect": "pure"}, span)
    status, content = read_more(work.ports.memory, call)
    ended: JsonObject = {**named, "status": status, "served_by": "", "output": shown(content), "reason": ""}
    work.ended("tool.ended", ended, span)
    _result(work, call, status, content)


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
        "fields": list[JsonValue](rejected.fields),
        "arguments": shown(call.arguments if call.arguments is not None else call.arguments_raw),
    }
    work.fact("call.rejected", data)
    before = work.state.withdrawn
    reasons: dict[str, ToolReason] = {"unknown_tool": "unknown_tool", "withdrawn": "withdrawn"}
    reason = reasons.get(rejected.error_type, "invalid_arguments")
    _result(work, call, "error", rejected.content, reason=reason)
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
    made = work.state.repeats[key]
    advice = advise(made, work.state.input.limits)
    data: JsonObject = {"tool": tool.name, "call_id": call.call_id, "repeats": made}
    if advice == "stop":
        work.fact("call.blocked", data)
        reason = f"Runaway: {tool.name} was called {made + 1} times with the same arguments."
        raise Halt(Ending(state="failed", reason=reason, answer=work.state.best_draft))
    if advice != "block":
        return False
    work.fact("call.blocked", data)
    content: JsonObject = {
        "status": "blocked",
        "error": f"This very call was made {made} times already; its result will not change. Answer, or do otherwise.",
    }
    _result(work, call, "blocked", content, reason="repeated", key=key)
    return True


def _deduped(work: Work, call: ToolCall, tool: ToolSpec, key: str) -> bool:
    """Answer a write that has happened from its record. Raises Halt when nobody knows whether it has."""
    if tool.effect == "pure":
        return False
    known = work.ports.memory.effect(key, dedupe_seconds=tool.dedupe_seconds)
    if known is None or known.state == "failed":
        return False
    if known.state in SENT:
        return _sent_before(work, tool, call, known)
    work.fact("call.deduped", {"tool": tool.name, "call_id": call.call_id, "key": key})
    content = sources.numbered(known.result, work.state.sources)
    _result(work, call, "ok", content, reason="deduped", key=key)
    return True


def _sent_before(work: Work, tool: ToolSpec, call: ToolCall, known: KnownEffect) -> bool:
    """It had left when a worker died. With a key the far end dedupes and it goes again; without, a person decides."""
    if tool.effect == "keyed" and known.run_id == work.state.input.run_id:
        return False
    work.fact("effect.unknown", {"tool": tool.name, "call_id": call.call_id})
    reason = f"{tool.name} was under way when its worker stopped; nobody knows whether it happened."
    raise Halt(Ending(state="waiting_resolution", reason=reason))


def _carry_out(work: Work, call: ToolCall, tool: ToolSpec, arguments: JsonObject, key: str) -> None:
    span = work.span()
    _announce(work, call, tool, arguments, key, span)
    named: JsonObject = {"tool": tool.name, "call_id": call.call_id}
    if tool.dedupe_seconds and _started_by_another(work, tool, key):
        work.ended("tool.ended", {**named, "status": "blocked", "reason": "Another run was faster."}, span)
        answer_call(work, call)
        return
    told = Call(
        run_id=work.state.input.run_id,
        tenant=work.state.input.tenant,
        call_id=call.call_id,
        key=far_end_key(work.state.input.run_id, key),
        attachments=work.state.input.attachments,
    )
    try:
        served = Chain(work, tool, arguments, told, span).run()
    except Interrupted as kill:
        _effect_ended(work, tool, key, Served("degraded", None, unsure=True))
        work.ended("tool.ended", {**named, "status": "killed"}, span)
        raise Halt(work.killed()) from kill
    content, handle = bounded(work, sources.numbered(served.content, work.state.sources))
    _effect_ended(work, tool, key, served)
    said: JsonObject = {"served_by": served.served_by, "output": shown(content), "reason": served.error}
    work.ended("tool.ended", {**named, "status": served.status, **said}, span)
    nudged = _nudged(work, content, key)
    reason: ToolReason = "failed" if served.status == "degraded" else ""
    _result(work, call, served.status, nudged, reason=reason, key=key, served_by=served.served_by, source=handle)


def _announce(work: Work, call: ToolCall, tool: ToolSpec, arguments: JsonObject, key: str, span: Span) -> None:
    """Commit what is about to leave. Raises Halt when it may not."""
    started: JsonObject = {
        "tool": tool.name,
        "call_id": call.call_id,
        "arguments": shown(arguments),
        "effect": tool.effect,
    }
    work.intent("tool.started", started, span)
    work.batch.doing = f"tool {tool.name}"
    if tool.effect != "pure":
        work.batch.effects_started.append(
            EffectStart(
                call_id=call.call_id,
                step=work.state.steps + 1,
                tool=tool.name,
                tool_version=tool.version,
                key=key,
                dedupe_seconds=tool.dedupe_seconds,
                arguments=arguments,
            )
        )
    work.commit()


def _started_by_another(work: Work, tool: ToolSpec, key: str) -> bool:
    """Whether another run of the tenant had started this very call between our look and our commit."""
    known = work.ports.memory.effect(key, dedupe_seconds=tool.dedupe_seconds)
    return known is not None and known.run_id != work.state.input.run_id


def _nudged(work: Work, content: JsonValue, key: str) -> JsonValue:
    """The content with a word against going in circles, when it is time for one."""
    made = work.state.repeats[key]
    if advise(made, work.state.input.limits) != "nudge":
        return content
    return {"result": content, "note": f"You have made this very call {made + 1} times. Its result does not change."}


def _effect_ended(work: Work, tool: ToolSpec, key: str, served: Served) -> None:
    if tool.effect == "pure":
        return
    states = {"ok": "succeeded", "error": "failed", "degraded": "unknown" if served.unsure else "failed"}
    result: JsonObject | None = {"value": served.content} if served.status == "ok" else None
    work.batch.effects_ended.append(EffectEnd(key, states[served.status], served.served_by, result))


def _result(
    work: Work,
    call: ToolCall,
    status: ToolStatus,
    content: JsonValue,
    *,
    reason: ToolReason = "",
    key: str = "",
    served_by: str = "",
    source: str = "",
) -> None:
    """Record what the LLM is told."""
    message = ToolMessage(call_id=call.call_id, name=call.name, status=status, content=content)
    work.record(ToolStep(result=message, served_by=served_by, reason=reason, key=key, source=source))
