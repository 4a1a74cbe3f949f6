"""A write whose key is known already: answered from its record, sent again under it, or waited for."""

from agents.contracts.base import JsonObject
from agents.contracts.endings import Ending
from agents.contracts.ids import short_id
from agents.contracts.messages import ToolCall
from agents.contracts.specs import ToolSpec
from agents.engine import sources
from agents.engine.carry_out import record_result, waits
from agents.engine.edits import Edit
from agents.engine.halt import Halt
from agents.engine.large_output import bounded
from agents.engine.ports import KnownEffect
from agents.engine.work import Work

GIVEN_UP = (
    "It is not known whether this call happened, and a person has given it up. Do not call it again; "
    "say in the answer that its outcome is unknown."
)


def deduped(work: Work, call: ToolCall, tool: ToolSpec, key: str, *, edit: Edit | None = None) -> bool:
    """Answer a write from its record when there is one. False when it is to be sent.

    Raises Halt while nobody can say what became of it.
    """
    if tool.effect == "pure":
        return False
    known = work.ports.memory.effect(key, dedupe_seconds=tool.dedupe_seconds)
    if known is None or known.state == "failed" or known.outcome == "again":
        return False
    if known.state in ("started", "unknown"):
        return _sent_before(work, tool, known, key)
    work.fact("call.deduped", {"tool": tool.name, "call_id": call.call_id, "key": key})
    if known.outcome == "given_up":
        _give_up(work, call, key, edit)
        return True
    content, handle = bounded(work, sources.numbered(known.result, work.state.sources))
    record_result(work, call, "ok", content, reason="deduped", key=key, source=handle, edit=edit)
    return True


def _give_up(work: Work, call: ToolCall, key: str, edit: Edit | None) -> None:
    content: JsonObject = {"status": "degraded", "error": GIVEN_UP, "advice": "Go on without it."}
    record_result(work, call, "degraded", content, reason="failed", key=key, edit=edit)


def _sent_before(work: Work, tool: ToolSpec, known: KnownEffect, key: str) -> bool:
    """It has left. With a key the far end dedupes and it goes again; another run hears of its own; else a person."""
    own = known.run_id == work.state.input.run_id
    if own and known.state == "started" and tool.effect == "keyed":
        return False
    if known.state == "started" and not own:
        reason = f"Run {short_id(known.run_id)} makes this very call of {tool.name}; its result is awaited."
        raise Halt(Ending(state="waiting_resolution", reason=reason, detail={"effect_key": key}))
    raise Halt(waits(tool.name, key))
