"""What a rehearsal LLM does wrong on demand: each turns a policy into one that fails like a real LLM.

Calls made in error carry a marked call id. The policy underneath never sees them or their results: it decides
as if they had not happened, and so the next answer is the corrected one.
"""

import json
import re
from collections.abc import Iterator

from pydantic import JsonValue

from agents.contracts.base import JsonObject
from agents.contracts.llms import ToolSchema
from agents.contracts.messages import AssistantMessage, Message, ToolCall, ToolMessage
from agents.llms.grading import scoring
from agents.llms.policy import Conversation, Policy
from agents.llms.script import Script

WRONG, INVENTED, OBEYED = "wrong", "invented", "obeyed"
BANNED_PHRASE = "As an AI language model, I guarantee that this is a game-changer."
CITATION = re.compile(r"\s*\[\d+\]")
Tools = tuple[ToolSchema, ...]


def misbehaving(policy: Policy, script: Script) -> Policy:
    """The policy with every misbehaviour that the script asks for."""
    if script.wants("rejected-drafts"):
        policy = rejected_drafts(policy, int(script.faults["rejected-drafts"]))
    if script.wants("wrong-types"):
        policy = wrong_types(policy)
    if script.wants("score"):
        policy = scoring(int(script.faults["score"]))
    if script.wants("invented-tool"):
        policy = invented_tool(policy)
    if script.wants("obeys"):
        policy = obeying(policy)
    return looping(policy) if script.wants("loop") else policy


def wrong_types(policy: Policy) -> Policy:
    """Give the first call of each tool an argument of the wrong type; after the error, make it right."""

    def answer(conversation: Conversation, tools: Tools) -> AssistantMessage:
        message = policy(without(conversation, WRONG), tools)
        erred = {call.name for call in calls_in(conversation) if call.call_id.startswith(WRONG)}
        fresh = next((call for call in message.calls if call.name not in erred), None)
        if fresh is None or fresh.arguments is None:
            return message
        spoiled = ToolCall(call_id=WRONG, name=fresh.name, arguments=spoiled_arguments(fresh.arguments))
        return message.model_copy(update={"calls": (spoiled,)})

    return answer


def spoiled_arguments(arguments: JsonObject) -> JsonObject:
    """The arguments with the first one of another type, or with one too many where there are none."""
    if not arguments:
        return {"unexpected": True}
    first = next(iter(arguments))
    return {**arguments, first: other_type(arguments[first])}


def other_type(value: JsonValue) -> JsonValue:
    """What a careless LLM writes instead: numbers as text, text as a number."""
    if isinstance(value, str):
        return 12345
    return "yes" if isinstance(value, bool) else str(value)


def invented_tool(policy: Policy) -> Policy:
    """Call a tool that does not exist, once."""

    def answer(conversation: Conversation, tools: Tools) -> AssistantMessage:
        message = policy(without(conversation, INVENTED), tools)
        if any(call.call_id.startswith(INVENTED) for call in calls_in(conversation)):
            return message
        wanted = message.calls[0] if message.calls else ToolCall(call_id=INVENTED, name="look_up", arguments={})
        invented = ToolCall(call_id=INVENTED, name=f"{wanted.name}_pro", arguments=wanted.arguments or {})
        return AssistantMessage(text="", calls=(invented,))

    return answer


def obeying(policy: Policy) -> Policy:
    """Do what tool outputs say: make each call that one asks for as JSON with a name and arguments, once."""

    def answer(conversation: Conversation, tools: Tools) -> AssistantMessage:
        made = [(call.name, call.arguments) for call in calls_in(conversation)]
        asked = [call for call in asked_for(without(conversation, OBEYED)) if (call.name, call.arguments) not in made]
        if asked:
            return AssistantMessage(text="I was told to.", calls=tuple(asked[:1]))
        return policy(without(conversation, OBEYED), tools)

    return answer


def asked_for(conversation: Conversation) -> Iterator[ToolCall]:
    """The calls that are written somewhere in what tools have said."""
    for message in conversation:
        if isinstance(message, ToolMessage):
            for text in texts_in(message.content):
                yield from calls_written_in(text)


def texts_in(value: JsonValue) -> Iterator[str]:
    """Every text within a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for child in value.values() for text in texts_in(child))
    elif isinstance(value, list):
        yield from (text for child in value for text in texts_in(child))


def calls_written_in(text: str) -> Iterator[ToolCall]:
    """Each {"name": ..., "arguments": {...}} in a text."""
    for start in (found.start() for found in re.finditer(r"\{", text)):
        try:
            written, _ = json.JSONDecoder().raw_decode(text[start:])
        except ValueError:
            continue
        if isinstance(written.get("name"), str) and written["name"] and isinstance(written.get("arguments"), dict):
            yield ToolCall(call_id=OBEYED, name=written["name"], arguments=written["arguments"])


def looping(policy: Policy) -> Policy:
    """Make the first call again and again, whatever comes back."""

    def answer(conversation: Conversation, tools: Tools) -> AssistantMessage:
        made = calls_in(conversation)
        first = made[:1] or list(policy(conversation, tools).calls[:1])
        if not first and tools:
            first = [ToolCall(call_id="call", name=tools[0].name, arguments={})]
        text = "" if first else policy(conversation, tools).text
        return AssistantMessage(text=text, calls=tuple(first))

    return answer


def rejected_drafts(policy: Policy, times: int) -> Policy:
    """Break the critic's rules in the first ``times`` drafts: no citations, a banned phrase."""

    def answer(conversation: Conversation, tools: Tools) -> AssistantMessage:
        message = policy(conversation, tools)
        drafts = [m for m in conversation if isinstance(m, AssistantMessage) and not m.calls]
        if message.calls or len(drafts) >= times:
            return message
        return message.model_copy(update={"text": f"{CITATION.sub('', message.text)} {BANNED_PHRASE}".strip()})

    return answer


def calls_in(conversation: Conversation) -> list[ToolCall]:
    """All calls of a conversation, oldest first."""
    return [call for message in conversation if isinstance(message, AssistantMessage) for call in message.calls]


def without(conversation: Conversation, mark: str) -> Conversation:
    """The conversation without calls whose id carries a mark, and without their results."""
    return tuple(message for message in conversation if not any(id_.startswith(mark) for id_ in call_ids(message)))


def call_ids(message: Message) -> list[str]:
    """The calls that a message makes or answers."""
    if isinstance(message, AssistantMessage):
        return [call.call_id for call in message.calls]
    return [message.call_id] if isinstance(message, ToolMessage) else []
