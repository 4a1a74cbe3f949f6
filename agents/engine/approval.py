"""Dangerous calls wait for people, who say yes or no to exactly these arguments, or to what they made of them."""

from agents.contracts.base import JsonObject
from agents.contracts.endings import Ending
from agents.contracts.messages import ToolCall
from agents.contracts.specs import ToolSpec
from agents.engine.batch import ApprovalRequest, ApprovalTerms
from agents.engine.edits import Edit, changes, checked
from agents.engine.halt import Halt
from agents.engine.ports import Decision
from agents.engine.work import Work, shown
from agents.tools import boundary


def edit_of(tool: ToolSpec, call: ToolCall, decision: Decision | None, arguments: JsonObject, key: str) -> Edit | None:
    """What a person who let the call go made of its arguments; None when they left them as they were.

    What the tool does not take, or is not what they were shown to agree on, is no edit: the call is then denied.
    """
    if decision is None or decision.outcome != "approved" or decision.arguments is None:
        return None
    try:
        made, made_key = checked(tool, call.call_id, decision.arguments)
    except boundary.Rejected:
        return None
    if made_key != decision.edited_hash:
        return None
    return Edit(decision.by, made, made_key, key, changes(arguments, made))


def require_approval(
    work: Work,
    tool: ToolSpec,
    call: ToolCall,
    arguments: JsonObject,
    key: str,
    *,
    decision: Decision | None,
    edit: Edit | None,
) -> JsonObject | None:
    """None when the call may go on; what to tell the LLM when it was denied. Raises Halt while nobody has decided.

    A word given for other arguments counts for nothing: it is bound to their hash. What was asked once is decided by
    that answer, whatever the rules say by now.
    """
    if decision is None:
        terms = work.ports.memory.approval_terms(tool, arguments)
        if terms is None:
            return None
        _ask(work, tool, call, arguments, key, terms)
    if decision is None or decision.outcome == "open":
        raise Halt(Ending(state="waiting_approval", reason=f"{tool.name} waits for a person's approval."))
    as_agreed = decision.arguments_hash == key and (decision.arguments is None) == (edit is None)
    if decision.outcome == "approved" and as_agreed:
        return None
    return {"status": "denied", "error": f"The approval of this call {_said(decision)}. It was not carried out."}


def _said(decision: Decision) -> str:
    who = f" by {decision.by}" if decision.by else ""
    why = f": {decision.note}" if decision.note else ""
    if decision.outcome == "approved":
        return f"was given{who} for other arguments"
    return f"expired{why}" if decision.outcome == "expired" else f"was denied{who}{why}"


def _ask(work: Work, tool: ToolSpec, call: ToolCall, arguments: JsonObject, key: str, terms: ApprovalTerms) -> None:
    preview = preview_of(tool, arguments)
    work.batch.approvals.append(ApprovalRequest(call.call_id, tool.name, arguments, key, preview, terms))
    asked: JsonObject = {
        "tool": tool.name,
        "call_id": call.call_id,
        "status": "pending_confirmation",
        "arguments": shown(arguments),
        "preview": preview,
        "people": terms.people,
        "role": terms.role,
        "rule": terms.rule_id,
    }
    work.intent("approval.requested", asked)
    work.batch.doing = f"waits for approval of {tool.name}"
    work.commit()


def preview_of(tool: ToolSpec, arguments: JsonObject) -> str:
    """What a person reads before deciding: the tool and each argument on a line."""
    return "\n".join([tool.name, *(f"{name}: {value}" for name, value in arguments.items())])
