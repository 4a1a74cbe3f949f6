"""Dangerous calls wait for a person, who says yes or no to exactly these arguments."""

from agents.contracts.base import JsonObject
from agents.contracts.endings import Ending
from agents.contracts.messages import ToolCall
from agents.contracts.specs import ToolSpec
from agents.engine.batch import ApprovalRequest
from agents.engine.halt import Halt
from agents.engine.work import Work, shown


def require_approval(work: Work, tool: ToolSpec, call: ToolCall, arguments: JsonObject, key: str) -> JsonObject | None:
    """None when the call may go on; what to tell the LLM when it was denied. Raises Halt while nobody has decided.

    A word given for other arguments counts for nothing: it is bound to their hash.
    """
    if not tool.needs_approval:
        return None
    decision = work.ports.memory.decision(call.call_id)
    if decision is None:
        _ask(work, tool, call, arguments, key)
    if decision is None or decision.outcome == "open":
        raise Halt(Ending(state="waiting_approval", reason=f"{tool.name} waits for a person's approval."))
    if decision.outcome == "approved" and decision.arguments_hash == key:
        return None
    who = f" by {decision.by}" if decision.by else ""
    why = f": {decision.note}" if decision.note else ""
    said = "expired" if decision.outcome == "expired" else f"was denied{who}"
    return {"status": "denied", "error": f"The approval of this call {said}{why}. It was not carried out."}


def _ask(work: Work, tool: ToolSpec, call: ToolCall, arguments: JsonObject, key: str) -> None:
    preview = preview_of(tool, arguments)
    work.batch.approvals.append(ApprovalRequest(call.call_id, tool.name, arguments, key, preview))
    asked: JsonObject = {
        "tool": tool.name,
        "call_id": call.call_id,
        "status": "pending_confirmation",
        "arguments": shown(arguments),
        "preview": preview,
    }
    work.intent("approval.requested", asked)
    work.batch.doing = f"waits for approval of {tool.name}"
    work.commit()


def preview_of(tool: ToolSpec, arguments: JsonObject) -> str:
    """What a person reads before deciding: the tool and each argument on a line."""
    return "\n".join([tool.name, *(f"{name}: {value}" for name, value in arguments.items())])
