"""What an LLM was asked, as digests, so that two ways through a run can be compared request by request. Pure."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from agents.contracts.llms import LLMRequest
from agents.contracts.messages import Message, SystemMessage
from agents.replay.divergence import Divergence


@dataclass(frozen=True, slots=True)
class Asked:
    """One request for the step of this number; texts as digests, since a long run has very many of them."""

    number: int
    llm: str
    purpose: str
    instructions: str
    conversation: str
    tools: Mapping[str, str]


def asked_in(number: int, request: LLMRequest) -> Asked:
    """A request as it is compared."""
    instructions = [message for message in request.messages if isinstance(message, SystemMessage)]
    rest = [message for message in request.messages if not isinstance(message, SystemMessage)]
    return Asked(
        number=number,
        llm=request.llm,
        purpose=request.purpose,
        instructions=_digest(instructions),
        conversation=_digest(rest),
        tools={
            tool.name: hashlib.sha256(json.dumps(tool.model_dump(), sort_keys=True).encode()).hexdigest()
            for tool in request.tools
        },
    )


def first_difference(before: Iterable[Asked], now: Iterable[Asked]) -> Divergence | None:
    """Where the same question is put otherwise; None when all that both ways ask is alike."""
    for was, became in zip(before, now, strict=False):
        changes = list(_changes(was, became))
        if changes:
            return Divergence(was.number, f"{was.llm} is asked", f"the request differs in {', '.join(changes)}")
    return None


def _changes(was: Asked, became: Asked) -> Iterable[str]:
    if was.llm != became.llm:
        yield f"the LLM ({became.llm})"
    if was.instructions != became.instructions:
        yield "the instructions"
    if was.tools != became.tools:
        yield f"the tools ({_changed_tools(was.tools, became.tools)})"
    if was.conversation != became.conversation:
        yield "the conversation so far"


def _changed_tools(was: Mapping[str, str], became: Mapping[str, str]) -> str:
    words = {
        "new": became.keys() - was.keys(),
        "gone": was.keys() - became.keys(),
        "changed": {name for name in was.keys() & became.keys() if was[name] != became[name]},
    }
    return "; ".join(f"{word}: {', '.join(sorted(names))}" for word, names in words.items() if names)


def _digest(messages: Iterable[Message]) -> str:
    digest = hashlib.sha256()
    for message in messages:
        digest.update(json.dumps(message.model_dump(mode="json", exclude={"vendor_state"}), sort_keys=True).encode())
    return digest.hexdigest()
