"""What vendors send on behalf of their LLMs, word for word: it becomes an answer that can be stored and read back."""

import json
from collections.abc import Callable

import pytest

from agents.contracts.base import JsonObject
from agents.contracts.llms import LLMResponse
from agents.contracts.steps import LLMStep
from agents.engine.call_ids import UsedIds, with_own_ids
from agents.journal.gate import storable
from agents.llms.clean_text import mended
from budgets.pricing import Usage
from tests.agents.hostile import ARGUMENTS, TEXTS
from tests.agents.llms import streams
from tests.agents.llms.stub_vendor import Answer, asked_and_answered, event_stream

Events = Callable[[list[tuple[str, str, str]]], list[JsonObject]]
CHAT, ANTHROPIC = "openai:gpt-6-luna", "anthropic:claude-opus-5-5"


def chat_calls(calls: list[tuple[str, str, str]]) -> list[JsonObject]:
    """An answer of an OpenAI-like server: every text, and calls by id, name and arguments."""
    asked: list[JsonObject] = [
        {"index": number, "id": call_id, "type": "function", "function": {"name": name, "arguments": raw}}
        for number, (call_id, name, raw) in enumerate(calls)
    ]
    return [
        streams.chat_chunk({"role": "assistant", "content": ""}),
        *(streams.chat_chunk({"content": text}) for text in TEXTS.values()),
        *(streams.chat_chunk({"tool_calls": [call]}) for call in asked),
        streams.chat_chunk({}, "tool_calls"),
        streams.chat_chunk({}, usage=streams.CHAT_USAGE),
    ]


def anthropic_calls(calls: list[tuple[str, str, str]]) -> list[JsonObject]:
    """The same as Anthropic says it, with thoughts."""
    first, *_, last_but_one, last = streams.anthropic_events()
    blocks: list[JsonObject] = [{"type": "thinking", "thinking": "", "signature": ""}, {"type": "text", "text": ""}]
    deltas: list[list[JsonObject]] = [
        [{"type": "thinking_delta", "thinking": text} for text in TEXTS.values()],
        [{"type": "text_delta", "text": text} for text in TEXTS.values()],
    ]
    blocks += [{"type": "tool_use", "id": call_id, "name": name, "input": {}} for call_id, name, _ in calls]
    deltas += [[{"type": "input_json_delta", "partial_json": raw}] for _, _, raw in calls]
    said: list[JsonObject] = []
    for index, (block, pieces) in enumerate(zip(blocks, deltas, strict=True)):
        said.append(streams.block_start(index, block))
        said += [streams.block_delta(index, piece) for piece in pieces]
        said.append({"type": "content_block_stop", "index": index})
    return [first, *said, last_but_one, last]


def stored_and_read(response: LLMResponse) -> LLMStep:
    """The step of an answer, as another worker finds it."""
    step = LLMStep(
        message=with_own_ids(response.message, UsedIds()),
        finish=response.finish,
        asked_llm="a",
        served_llm=response.served_llm,
        usage=response.usage or Usage(0, 0),
        prompt_tokens=1,
    )
    return LLMStep.model_validate(json.loads(storable(step.model_dump(mode="json"))))


@pytest.mark.filterwarnings("ignore::Warning")  # the library speaks of names and figures that it does not know
@pytest.mark.parametrize(("llm", "events"), [(CHAT, chat_calls), (ANTHROPIC, anthropic_calls)])
def test_any_text_and_any_arguments_are_stored_and_read_back(llm: str, events: Events) -> None:
    named = [(f"n{number}", text, "{}") for number, text in enumerate(TEXTS.values())]
    given = [(f"a{number}", "echo", raw) for number, (raw, _) in enumerate(ARGUMENTS.values())]
    same = [(text, "echo", "{}") for text in TEXTS.values()]
    response = asked_and_answered(llm, Answer(event_stream(*events([*named, *given, *same]))))
    step = stored_and_read(response)
    assert mended("".join(TEXTS.values())).replace("\x00", "\\u0000") == step.message.text
    calls = {call.call_id: call for call in step.message.calls}
    assert len(calls) == len(named) + len(given) + len(same)
    for number, text in enumerate(TEXTS.values()):
        assert calls[f"n{number}"].name == mended(text).replace("\x00", "\\u0000")
    for number, (name, (_, is_object)) in enumerate(ARGUMENTS.items()):
        assert (calls[f"a{number}"].arguments is not None) == is_object, name
