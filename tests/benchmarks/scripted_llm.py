"""The benchmark's LLM as a vendor: no policy, no stream, no time of its own, as the peers' scripted ones."""

from collections.abc import Mapping

from agents.contracts.llms import LLMRequest, LLMResponse
from agents.contracts.messages import AssistantMessage, ToolCall, ToolMessage
from agents.llms.llm import LLM, OnText
from budgets.pricing import Usage
from tests.benchmarks.peers.turn_clock import ANSWER, TOOL_NAME

INPUT_TOKENS, OUTPUT_TOKENS = 500, 20


class ScriptedLLM:
    """Asks for one tool call a turn, as often as the task says, then answers."""

    async def call(self, request: LLMRequest, on_text: OnText) -> LLMResponse:
        """See agents.llms.llm.LLM."""
        del on_text
        wanted = int(next(message.text for message in request.messages if message.role == "user"))
        done = sum(isinstance(message, ToolMessage) for message in request.messages)
        call = ToolCall(call_id=f"call_{done}", name=TOOL_NAME, arguments={"order": 1001 + done})
        return LLMResponse(
            message=AssistantMessage(text=ANSWER) if done == wanted else AssistantMessage(calls=(call,)),
            finish="stop" if done == wanted else "tool_calls",
            usage=Usage(INPUT_TOKENS, OUTPUT_TOKENS),
            served_llm=request.llm,
        )


def scripted_llm(name: str, environ: Mapping[str, str]) -> LLM:
    """The factory that the registry calls."""
    del name, environ
    return ScriptedLLM()
