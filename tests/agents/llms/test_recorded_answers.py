"""Recorded answers of real vendors, where they are at hand: each a sane response or the right failure."""

import gzip
import json
import os
from functools import cache
from pathlib import Path

import pytest

from agents.contracts.base import JsonObject
from agents.contracts.llms import LLMError, LLMResponse
from tests.agents.llms.stub_vendor import Answer, asked_and_answered

ROOT = Path(__file__).resolve().parents[3]
RECORDED = Path(os.environ.get("WATCHFLOOR_SAMPLES") or ROOT.parent / "shared" / "samples") / "wire.jsonl.gz"
LLMS = {
    "openai.chat": "openai:gpt-6-luna",
    "openai.responses": "openai-responses:gpt-6-luna",
    "anthropic.messages": "anthropic:claude-opus-5-5",
}
FAILURES = {"http_404": "not_found", "http_400": "invalid_request", "error_in_stream": "invalid_request"}
FINISHES = {
    "finish:stop": "stop",
    "finish:end_turn": "stop",
    "finish:stop_sequence": "stop",
    "finish:length": "length",
    "finish:content_filter": "content_filter",
    "finish:tool_calls": "tool_calls",
    "finish:tool_use": "tool_calls",
    "finish:function_call": "tool_calls",
}
pytestmark = pytest.mark.skipif(not RECORDED.exists(), reason="the recorded answers are not at hand")


@cache
def recorded() -> list[JsonObject]:
    """The rows, empty where the file is absent."""
    if not RECORDED.exists():
        return []
    with gzip.open(RECORDED, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def replayed(row: JsonObject) -> LLMResponse:
    """The row through the real client."""
    body, headers, status = row["body"], row["headers"], row["status"]
    assert isinstance(headers, dict)
    assert isinstance(status, int)
    text = body if isinstance(body, str) else json.dumps(body)
    kept = {name: str(value) for name, value in headers.items() if name != "content-type"}
    return asked_and_answered(LLMS[str(row["api"])], Answer(text.encode(), status, str(headers["content-type"]), kept))


def tags(row: JsonObject) -> list[str]:
    """What is remarkable about a row."""
    listed = row["tags"]
    assert isinstance(listed, list)
    return [str(tag) for tag in listed]


def numbers(body: object) -> dict[str, int]:
    """The token counts in a row's usage, found without the code under test; the last report counts."""
    found: dict[str, int] = {}
    lines = body.splitlines() if isinstance(body, str) and "data:" in body else [f"data: {as_text(body)}"]
    for line in (line.strip()[5:].strip() for line in lines if line.strip().startswith("data:")):
        event = json.loads(line) if line.startswith("{") else {}
        for holder in (event, event.get("message") or {}, event.get("response") or {}):
            usage = (holder.get("usage") or {}) if isinstance(holder, dict) else {}
            found |= {name: count for name, count in usage.items() if isinstance(count, int)}
    return found


def as_text(body: object) -> str:
    """A body as one line of JSON."""
    return json.dumps(json.loads(body)) if isinstance(body, str) else json.dumps(body)


@pytest.mark.parametrize("number", range(48))
def test_each_recorded_answer(number: int) -> None:
    row = recorded()[number]
    failures = [FAILURES[tag] for tag in tags(row) if tag in FAILURES]
    if failures:
        with pytest.raises(LLMError) as caught:
            replayed(row)
        assert caught.value.kind == failures[0]
        assert (caught.value.output_characters > 0) == ("error_in_stream" in tags(row))
        return
    response = replayed(row)
    assert_sane(response, tags(row))
    assert_usage(response, numbers(row["body"]))


def assert_sane(response: LLMResponse, marks: list[str]) -> None:
    """Text or calls, with the finish that the vendor gave."""
    message = response.message
    filtered = response.finish == "content_filter"
    assert message.text or message.calls or filtered
    assert all(call.name and call.arguments is not None for call in message.calls)
    expected = {FINISHES[mark] for mark in marks if mark in FINISHES}
    if expected and "refusal" not in marks:
        assert response.finish in expected
    if "refusal" in marks:
        assert response.finish == "refusal"
    if "stream" in marks and "thinking" in marks:
        assert message.vendor_state
    assert LLMResponse.model_validate_json(response.model_dump_json()) == response


def assert_usage(response: LLMResponse, counts: dict[str, int]) -> None:
    """The figures are the vendor's own."""
    if not counts:
        assert response.usage is None
        return
    assert response.usage is not None
    cache_beside = counts.get("cache_read_input_tokens", 0) + counts.get("cache_creation_input_tokens", 0)
    assert response.usage.input_tokens == counts.get("prompt_tokens", counts.get("input_tokens", 0)) + cache_beside
    assert response.usage.output_tokens == counts.get("completion_tokens", counts.get("output_tokens"))
    assert {name: response.vendor_usage[name] for name in counts} == counts
