"""One answer of the rehearsal LLM, worked out before any of it is sent."""

import hashlib
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module

from agents.contracts.llms import Finish, LLMError, ToolSchema
from agents.contracts.messages import AssistantMessage, Message, ToolCall, ToolMessage
from agents.llms.grading import grade_policy
from agents.llms.misbehaviours import INVENTED, OBEYED, WRONG, calls_in, misbehaving
from agents.llms.policy import Conversation, Policy
from agents.llms.result_text import compact, result_text
from agents.llms.script import Script, unknown
from agents.llms.summary import summary_policy

# By import string: the library's agents sit above the LLMs, which must not import them.
LIBRARY_POLICIES = "agents.library.policies:POLICIES"
OWN: Mapping[str, Policy] = {"summary": summary_policy, "grade": grade_policy}
CHARACTERS_PER_TOKEN = 4
WORD = re.compile(r"\s*\S+\s*?(?=\s|$)|\s+")
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Performance:
    """What the rehearsal answers, with estimated usage (a token for four characters) and a steady id."""

    message: AssistantMessage
    finish: Finish
    prompt_tokens: int
    completion_tokens: int
    response_id: str
    seconds: float

    @property
    def pieces(self) -> list[str]:
        """The text in words, as it is streamed."""
        return WORD.findall(self.message.text)

    @property
    def reported_usage(self) -> dict[str, int]:
        """Usage as a vendor reports it."""
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": self.prompt_tokens + self.completion_tokens,
        }


def policies() -> Mapping[str, Policy]:
    """Every policy by name."""
    module, _, attribute = LIBRARY_POLICIES.partition(":")
    found: Mapping[str, Policy] = getattr(import_module(module), attribute)
    return {**found, **OWN}


def policy_named(name: str) -> Policy:
    """One policy. Raises LLMError "not_found"."""
    if name in OWN:  # They need none of the library.
        return OWN[name]
    known = policies()
    if name not in known:
        raise unknown(f"There is no rehearsal {name[:60]!r}; there are {', '.join(known)}.")
    return known[name]


def perform(
    script: Script, conversation: Conversation, tools: tuple[ToolSchema, ...], max_output_tokens: int
) -> Performance:
    """Work out the answer. Raises LLMError: "not_found", or "server_error" when the policy breaks."""
    policy = misbehaving(policy_named(script.policy), script)
    try:
        decided = policy(conversation, tools)
    except Exception as error:
        logger.exception("rehearsal policy %s broke", script.policy)
        said = f"The rehearsal {script.policy} broke: {type(error).__name__}."
        raise LLMError("server_error", said, may_be_billed=False) from error
    message, finish = finished(decided, conversation, max_output_tokens)
    prompt = "".join(text_of(each) for each in conversation) + "".join(t.name + t.description for t in tools)
    return Performance(
        message=message,
        finish=finish,
        prompt_tokens=tokens_in(prompt),
        completion_tokens=tokens_in(text_of(message)),
        response_id="rehearsal-" + hashlib.sha256(f"{script.name}\n{prompt}".encode()).hexdigest()[:24],
        seconds=script.faults.get("slow", 0),
    )


def finished(
    decided: AssistantMessage, conversation: Conversation, max_output_tokens: int
) -> tuple[AssistantMessage, Finish]:
    """The answer with call ids that are new to the conversation, its text within the limit of output."""
    number = len(calls_in(conversation))
    calls = tuple(
        ToolCall(call_id=f"{mark_of(call)}_{number + place}", name=call.name, arguments=call.arguments or {})
        for place, call in enumerate(decided.calls, start=1)
    )
    most = max_output_tokens * CHARACTERS_PER_TOKEN
    message = AssistantMessage(text=decided.text[:most], calls=calls)
    if len(decided.text) > most and not calls:
        return message, "length"
    return message, "tool_calls" if calls else "stop"


def mark_of(call: ToolCall) -> str:
    """The kind of id that a call gets: calls made in error are told from others by it."""
    return next((mark for mark in (WRONG, INVENTED, OBEYED) if call.call_id.startswith(mark)), "call")


def tokens_in(text: str) -> int:
    """Estimated tokens; never zero, as no vendor answers for nothing."""
    return max(1, -(-len(text) // CHARACTERS_PER_TOKEN))


def text_of(message: Message) -> str:
    """Everything of a message that costs tokens."""
    if isinstance(message, ToolMessage):
        return result_text(message)
    if isinstance(message, AssistantMessage):
        return message.text + "".join(call.name + compact(call.arguments) for call in message.calls)
    return message.text
