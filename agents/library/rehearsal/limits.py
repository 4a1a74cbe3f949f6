"""What a run had to do without, in sentences for its answer."""

from agents.contracts.messages import ToolMessage
from agents.library.rehearsal.conversation import Conversation, reason_of
from agents.library.rehearsal.wording import clip


def limitations(conversation: Conversation, labels: dict[str, str]) -> list[str]:
    """One sentence for each thing that did not work; ``labels`` name the tools as people would.

    Malformed arguments that were mended later are no limitation.
    """
    found: dict[str, None] = {}
    for message in conversation.messages:
        if isinstance(message, ToolMessage) and message.status != "ok":
            label = labels.get(message.name)
            if label and not (message.status == "error" and _corrected(conversation, message)):
                found.setdefault(_sentence(label, message))
    for tool, label in labels.items():
        if tool not in conversation.tools and not conversation.results_of(tool):
            found.setdefault(f"I could not use {label} in this run.")
    return list(found)


def _corrected(conversation: Conversation, failed: ToolMessage) -> bool:
    """Malformed arguments that a later call mended; a refusal by the tool itself stays news."""
    malformed = isinstance(failed.content, dict) and failed.content.get("error_type") == "invalid_arguments"
    later = conversation.messages[conversation.messages.index(failed) :]
    worked = any(isinstance(each, ToolMessage) and each.name == failed.name and each.status == "ok" for each in later)
    return malformed and worked


def _sentence(label: str, message: ToolMessage) -> str:
    reason = clip(reason_of(message), 300).rstrip(".")
    start = label[:1].upper() + label[1:]
    match message.status:
        case "denied":
            return f"{start} was not approved, so nothing was done: {reason}."
        case "degraded" | "blocked":
            return f"{start} is unavailable in this run: {reason}."
        case _:
            return f"{start} gave no result: {reason}."
