"""Plays an agent without the engine: its policy, its tools, the critic, in a plain loop."""

import asyncio
import hashlib
import inspect
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import cast

from pydantic import BaseModel, JsonValue

from agents.contracts.calls import AttachmentRef, Call, ToolRefusal
from agents.contracts.llms import ToolSchema
from agents.contracts.messages import AssistantMessage, Message, ToolCall, ToolMessage, UserMessage
from agents.contracts.specs import AgentSpec
from agents.contracts.verdicts import Verdict
from agents.engine import sources
from agents.engine.critic.registry import Draft, judge
from agents.engine.state import REVISE
from agents.library.policies import POLICIES
from agents.tools.boundary import arguments_class, resolve, validate

MAX_TURNS = 12


@dataclass
class Rehearsal:
    """A run of one agent: ``broken`` names failing implementations, ``denied`` tools that nobody approves."""

    spec: AgentSpec
    task: str
    attachments: tuple[AttachmentRef, ...] = ()
    broken: frozenset[str] = frozenset()
    denied: frozenset[str] = frozenset()
    withdrawn: frozenset[str] = frozenset()
    thread: list[Message] = field(default_factory=list)
    numbers: sources.Numbers = field(default_factory=sources.Numbers)
    turns: int = 0
    answer: str = ""

    def play(self) -> str:
        """Go on until an answer without calls."""
        self.thread = self.thread or [UserMessage(text=self.task)]
        while self.turns < MAX_TURNS:
            self.turns += 1
            message = POLICIES[self.spec.name](tuple(self.thread), self.schemas())
            assert isinstance(message, AssistantMessage)
            self.thread.append(message)
            if not message.calls:
                self.answer = message.text
                return self.answer
            for call in message.calls:
                self._serve(call)
        raise AssertionError(f"no answer after {MAX_TURNS} turns")

    def revise(self, *points: str) -> str:
        """Send the draft back with these points and go on."""
        text = REVISE.format(points="\n".join(f"- {point}" for point in points))
        self.thread.append(UserMessage(text=text))
        return self.play()

    def verdict(self) -> Verdict:
        """The critic's word on the answer."""
        return judge(self.spec.checks, Draft(self.answer, frozenset(self.numbers.values())))

    def schemas(self) -> tuple[ToolSchema, ...]:
        return tuple(
            ToolSchema(name=tool.name, description=tool.description, parameters=tool.parameters)
            for tool in self.spec.tools
            if tool.name not in self.withdrawn
        )

    def calls(self, tool: str = "") -> list[ToolCall]:
        """The calls made, of one tool or of all."""
        made = [call for each in self.thread if isinstance(each, AssistantMessage) for call in each.calls]
        return [call for call in made if call.name == tool or not tool]

    def _serve(self, call: ToolCall) -> None:
        tool = next(tool for tool in self.spec.tools if tool.name == call.name)
        arguments = json.dumps(validate(tool, call))
        if call.name in self.denied:
            self._result(call, "denied", {"status": "denied", "error": "The approval was denied: not now."})
            return
        for link in tool.implementations:
            if link.name in self.broken:
                continue
            try:
                value = _invoke(link.target, arguments, self._told(call, arguments))
            except ToolRefusal as refusal:
                self._result(call, "error", {"status": "error", "error_type": "refused", "error": str(refusal)})
            else:
                numbered = sources.numbered(json.loads(json.dumps(value, allow_nan=False)), self.numbers)
                self.numbers.update(sources.cited(numbered))
                self._result(call, "ok", numbered)
            return
        self._result(call, "degraded", {"status": "degraded", "error": "connection refused", "advice": "Go on."})

    def _told(self, call: ToolCall, arguments: str) -> Call:
        key = hashlib.sha256(f"{call.name} {arguments}".encode()).hexdigest()
        return Call(run_id="run", tenant="acme", call_id=call.call_id, key=key, attachments=self.attachments)

    def _result(self, call: ToolCall, status: str, content: JsonValue) -> None:
        fields = {"call_id": call.call_id, "name": call.name, "status": status, "content": content}
        self.thread.append(ToolMessage.model_validate(fields))


def _invoke(target: str, arguments: str, call: Call) -> JsonValue:
    function = cast(Callable[[BaseModel, Call], object], resolve(target))
    parsed = arguments_class(target).model_validate_json(arguments)
    value = function(parsed, call)
    if inspect.isawaitable(value):
        return asyncio.run(_awaited(cast(Awaitable[JsonValue], value)))
    return cast(JsonValue, value)


async def _awaited(value: Awaitable[JsonValue]) -> JsonValue:
    return await value
