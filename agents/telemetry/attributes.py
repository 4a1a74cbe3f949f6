"""What a span says of an event: the GenAI conventions' attributes, and ours where they have none.

Texts that people, LLMs and tools wrote are content, and leave only when the operator asked for them.
"""

from pydantic import JsonValue

from agents.contracts.base import JsonObject
from agents.contracts.events import Event
from agents.journal.gate import BIGGEST, NotStorable, plain, storable
from agents.telemetry.span import Attribute, Attributes

MOST_CHARACTERS, MOST_CONTENT_CHARACTERS = 256, 8_000
PROVIDERS = {"openai-responses": "openai", "compatible": "openai"}

TOLD = frozenset(
    (
        "epoch",
        "worker",
        "attempt",
        "agent",
        "version",
        "tenant",
        "surface",
        "state",
        "status",
        "scope",
        "tool",
        "call_id",
        "implementation",
        "effect",
        "served_by",
        "finish",
        "purpose",
        "accepted",
        "revision",
        "score",
        "least",
        "repeats",
        "rejections",
        "error_type",
        "decision",
        "asked_nanos",
        "limit_nanos",
        "spent_nanos",
        "held_nanos",
        "amount_nanos",
        "cost_nanos",
        "run_cost_nanos",
        "price_source",
        "price_version",
        "unreconciled",
        "over_ceiling",
        "wait_ms",
        "after_ms",
        "tokens_before",
        "tokens_after",
        "from",
        "to",
        "llm",
        "output_bytes",
        "output_sha256",
        "cap_nanos",
        "task_characters",
    )
)
"""Fields of events that are figures, states and names of ours; every other field is content."""


def provider_and_name(llm: str) -> tuple[str, str]:
    """The conventions' provider and model of a reference such as ``anthropic:claude``."""
    vendor, _, name = llm.partition(":")
    return (PROVIDERS.get(vendor, vendor), name) if name else ("unknown", vendor)


def attribute(value: JsonValue, limit: int = MOST_CHARACTERS) -> Attribute | None:
    """A value that every exporter can write: no NUL, no lone surrogate, no integer beyond 64 bits; None for null."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) <= BIGGEST:
        return value
    text = plain(value) if isinstance(value, str) else _json(value)
    return text if len(text) <= limit else f"{text[:limit]}…"


def of_point(event: Event, *, content: bool) -> Attributes:
    """The attributes of an event that is neither start nor end of a span."""
    return _ours(event.data, content=content)


def of_run(data: JsonObject) -> Attributes:
    """What every span of a run carries, from its claim."""
    found: Attributes = {}
    for name, key in (
        ("tenant", "watchfloor.tenant"),
        ("surface", "watchfloor.surface"),
        ("epoch", "watchfloor.epoch"),
    ):
        _put(found, key, data.get(name))
    return found


def of_agent(data: JsonObject) -> Attributes:
    """Who was invoked, from a run's claim."""
    found: Attributes = {"gen_ai.operation.name": "invoke_agent"}
    _put(found, "gen_ai.agent.name", data.get("agent"))
    _put(found, "gen_ai.agent.version", str(data.get("version", "")) or None)
    _put(found, "gen_ai.conversation.id", data.get("session") or None)
    if isinstance(llm := data.get("llm"), str):
        provider, name = provider_and_name(llm)
        found |= {"gen_ai.provider.name": provider, "gen_ai.request.model": name}
    return found


def of_llm_call(llm: str, started: JsonObject) -> Attributes:
    """A request, as it was sent."""
    provider, name = provider_and_name(llm)
    found: Attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": provider,
        "gen_ai.request.model": name,
    }
    _put(found, "gen_ai.request.max_tokens", started.get("max_output_tokens"))
    _put(found, "watchfloor.purpose", started.get("purpose"))
    return found


def of_llm_answer(ended: JsonObject, *, content: bool) -> Attributes:
    """What came back, with its usage."""
    found = _ours({"status": ended.get("status")}, content=False)
    if ended.get("status") == "ok":
        _put(found, "gen_ai.response.model", ended.get("llm"))
        found["gen_ai.response.finish_reasons"] = [str(ended.get("finish"))]
        if content:
            found["gen_ai.output.messages"] = _messages(ended)
    for name, key in (
        ("input_tokens", "gen_ai.usage.input_tokens"),
        ("output_tokens", "gen_ai.usage.output_tokens"),
        ("cache_read_tokens", "gen_ai.usage.cache_read.input_tokens"),
        ("reasoning_tokens", "gen_ai.usage.reasoning.output_tokens"),
    ):
        _put(found, key, ended.get(name))
    return found


def of_tool_call(data: JsonObject, *, content: bool) -> Attributes:
    """A tool, the call's id, and with content what it was given."""
    found: Attributes = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.type": "function"}
    _put(found, "gen_ai.tool.name", data.get("tool"))
    _put(found, "gen_ai.tool.call.id", data.get("call_id"))
    _put(found, "watchfloor.effect", data.get("effect"))
    if content and "arguments" in data:
        _put(found, "gen_ai.tool.call.arguments", data["arguments"], MOST_CONTENT_CHARACTERS)
    return found


def of_tool_result(data: JsonObject, *, content: bool) -> Attributes:
    """How a call came out, and with content what it gave."""
    told = ("status", "served_by", "output_bytes", "output_sha256")
    found = _ours({name: data[name] for name in told if name in data}, content=False)
    if content and "output" in data:
        _put(found, "gen_ai.tool.call.result", data["output"], MOST_CONTENT_CHARACTERS)
    return found


def _ours(data: JsonObject, *, content: bool) -> Attributes:
    found: Attributes = {}
    for name, value in data.items():
        if name in TOLD:
            _put(found, f"watchfloor.{name}", value)
        elif content:
            _put(found, f"watchfloor.{name}", value, MOST_CONTENT_CHARACTERS)
    return found


def _messages(ended: JsonObject) -> str:
    """The answer in the shape that the conventions give to output messages."""
    parts: list[JsonValue] = [{"type": "text", "content": ended.get("text")}] if ended.get("text") else []
    calls = ended.get("calls")
    for call in calls if isinstance(calls, list) else ():
        if isinstance(call, dict):
            said = {"id": call.get("call_id"), "name": call.get("name"), "arguments": call.get("arguments")}
            parts.append({"type": "tool_call", **said})
    message: JsonObject = {"role": "assistant", "parts": parts, "finish_reason": ended.get("finish")}
    return str(attribute([message], MOST_CONTENT_CHARACTERS))


def _json(value: JsonValue) -> str:
    try:
        return storable(value).strip('"')
    except NotStorable as error:
        return f"not storable: {error}"


def _put(found: Attributes, key: str, value: JsonValue, limit: int = MOST_CHARACTERS) -> None:
    cleaned = attribute(value, limit)
    if cleaned is not None:
        found[key] = cleaned
