"""Small answers of the three APIs, written by hand: some text, one call, usage."""

from agents.contracts.base import JsonObject
from tests.agents.llms.stub_vendor import event_stream

ARGUMENTS = ['{"ci', 'ty": "Os', 'lo"}']
CHAT_USAGE: JsonObject = {"prompt_tokens": 20, "completion_tokens": 9, "total_tokens": 29}
RESPONSES_USAGE: JsonObject = {
    "input_tokens": 20,
    "input_tokens_details": {"cached_tokens": 4},
    "output_tokens": 9,
    "output_tokens_details": {"reasoning_tokens": 2},
    "total_tokens": 29,
}


def chat_chunk(delta: JsonObject, finish: str | None = None, usage: JsonObject | None = None) -> JsonObject:
    """One chunk of a chat completion."""
    choices: list[JsonObject] = [] if usage else [{"index": 0, "delta": delta, "finish_reason": finish}]
    head: JsonObject = {"id": "chat-1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-x"}
    return {**head, "choices": [*choices], "usage": usage}


def chat_call(arguments: str, *, first: bool = False) -> JsonObject:
    """A chunk with a piece of a call."""
    opening: JsonObject = {"id": "call_a", "type": "function"} if first else {}
    name: JsonObject = {"name": "get_weather"} if first else {}
    call: JsonObject = {"index": 0, **opening, "function": {**name, "arguments": arguments}}
    return chat_chunk({"tool_calls": [call]})


def chat_events() -> list[JsonObject]:
    """A chat completion with text and a call."""
    return [
        chat_chunk({"role": "assistant", "content": ""}),
        chat_chunk({"content": "Let me "}),
        chat_chunk({"content": "look."}),
        chat_call("", first=True),
        *(chat_call(piece) for piece in ARGUMENTS),
        chat_chunk({}, "tool_calls"),
        chat_chunk({}, usage=CHAT_USAGE),
    ]


def anthropic_events() -> list[JsonObject]:
    """A message with signed thinking, text and a call."""
    return [
        {
            "type": "message_start",
            "message": {
                "id": "msg_1",
                "type": "message",
                "role": "assistant",
                "model": "claude-x",
                "content": [],
                "stop_reason": None,
                "stop_sequence": None,
                "usage": {"input_tokens": 12, "cache_read_input_tokens": 8, "output_tokens": 1},
            },
        },
        block_start(0, {"type": "thinking", "thinking": "", "signature": ""}),
        block_delta(0, {"type": "thinking_delta", "thinking": "They want weather."}),
        block_delta(0, {"type": "signature_delta", "signature": "c2lnbmVk"}),
        {"type": "content_block_stop", "index": 0},
        block_start(1, {"type": "text", "text": ""}),
        block_delta(1, {"type": "text_delta", "text": "Let me look."}),
        {"type": "content_block_stop", "index": 1},
        block_start(2, {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {}}),
        *(block_delta(2, {"type": "input_json_delta", "partial_json": piece}) for piece in ARGUMENTS),
        {"type": "content_block_stop", "index": 2},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "tool_use", "stop_sequence": None},
            "usage": {"output_tokens": 31},
        },
        {"type": "message_stop"},
    ]


def block_start(index: int, block: JsonObject) -> JsonObject:
    """The start of a content block."""
    return {"type": "content_block_start", "index": index, "content_block": block}


def block_delta(index: int, delta: JsonObject) -> JsonObject:
    """A piece of a content block."""
    return {"type": "content_block_delta", "index": index, "delta": delta}


def responses_events() -> list[JsonObject]:
    """A response with a call."""
    call: JsonObject = {"type": "function_call", "id": "fc_1", "call_id": "call_r", "name": "get_weather"}
    done: JsonObject = {**call, "arguments": "".join(ARGUMENTS), "status": "completed"}
    pieces: list[JsonObject] = [
        {
            "type": "response.function_call_arguments.delta",
            "sequence_number": 2 + n,
            "output_index": 0,
            "item_id": "fc_1",
            "delta": piece,
        }
        for n, piece in enumerate(ARGUMENTS)
    ]
    return [
        {"type": "response.created", "sequence_number": 0, "response": response([], "in_progress", None)},
        {
            "type": "response.output_item.added",
            "sequence_number": 1,
            "output_index": 0,
            "item": {**call, "arguments": "", "status": "in_progress"},
        },
        *pieces,
        {"type": "response.output_item.done", "sequence_number": 6, "output_index": 0, "item": done},
        {
            "type": "response.completed",
            "sequence_number": 7,
            "response": response([done], "completed", RESPONSES_USAGE),
        },
    ]


def response(output: list[JsonObject], status: str, usage: JsonObject | None) -> JsonObject:
    """The envelope of OpenAI's responses."""
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "model": "gpt-x",
        "output": [*output],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "status": status,
        "error": None,
        "usage": usage,
    }


CHAT = event_stream(*chat_events(), done=True)
ANTHROPIC = event_stream(*anthropic_events())
RESPONSES = event_stream(*responses_events())
STREAMS = [
    ("openai:gpt-6-luna", CHAT),
    ("compatible:qwen", CHAT),
    ("openai-responses:gpt-6-luna", RESPONSES),
    ("anthropic:claude-opus-5-5", ANTHROPIC),
]
