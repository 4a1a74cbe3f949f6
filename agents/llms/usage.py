"""Token usage in one shape for all vendors: input includes cached tokens, output includes reasoning."""

from agents.contracts.base import JsonObject
from budgets.pricing import Usage, UsageError


def usage_of(reported: JsonObject) -> Usage | None:
    """Normalised usage; None when the vendor reported none, or something that cannot be.

    Sources: OpenAI's chat and responses references and Anthropic's messages reference; Anthropic counts
    cached input beside ``input_tokens``, OpenAI within it.
    """
    try:
        if "prompt_tokens" in reported or "completion_tokens" in reported:
            return _usage(reported, "prompt_tokens", "completion_tokens")
        if "cache_read_input_tokens" in reported or "cache_creation_input_tokens" in reported:
            return _anthropic(reported)
        if "input_tokens" in reported or "output_tokens" in reported:
            return _usage(reported, "input_tokens", "output_tokens")
    except UsageError:
        return None
    return None


def _anthropic(reported: JsonObject) -> Usage:
    read, write = _count(reported, "cache_read_input_tokens"), _count(reported, "cache_creation_input_tokens")
    return Usage(
        input_tokens=_required(reported, "input_tokens") + read + write,
        output_tokens=_required(reported, "output_tokens"),
        cache_read_tokens=read,
        cache_write_tokens=write,
        reasoning_tokens=_count(_details(reported, "output_tokens_details"), "thinking_tokens"),
    )


def _usage(reported: JsonObject, input_key: str, output_key: str) -> Usage:
    into, out = _required(reported, input_key), _required(reported, output_key)
    input_details = _details(reported, f"{input_key}_details")
    output_details = _details(reported, f"{output_key}_details")
    # Servers without OpenAI's details put the cached tokens at the top, under names of their own.
    read = _count(input_details, "cached_tokens") or _first_count(
        reported, "cached_tokens", "num_cached_tokens", "prompt_cache_hit_tokens"
    )
    write = _count(input_details, "cache_write_tokens")
    reasoning = _count(output_details, "reasoning_tokens") or _count(output_details, "thinking_tokens")
    if read + write > into:  # a gateway before Anthropic that kept its way of counting
        into += read + write
    if reasoning > out or (reasoning and _says_reasoning_is_extra(reported, into + out, reasoning)):
        out += reasoning
    return Usage(into, out, read, write, reasoning)


def _says_reasoning_is_extra(reported: JsonObject, total: int, reasoning: int) -> bool:
    """Whether the vendor's total only adds up with reasoning on top, as xAI counts."""
    return _count(reported, "total_tokens") == total + reasoning


def _details(reported: JsonObject, key: str) -> JsonObject:
    details = reported.get(key)
    return details if isinstance(details, dict) else {}


def _first_count(reported: JsonObject, *keys: str) -> int:
    return next((count for key in keys if (count := _count(reported, key))), 0)


def _required(reported: JsonObject, key: str) -> int:
    """A count without which nothing can be charged. Raises UsageError also where it is absent."""
    if reported.get(key) is None:
        raise UsageError(f"{key} is missing")
    return _count(reported, key)


def _count(reported: JsonObject, key: str) -> int:
    """A count of tokens; absent and null are 0. Raises UsageError for what is no count."""
    value = reported.get(key)
    if value is None:
        return 0
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if type(value) is not int or value < 0:
        raise UsageError(f"{key} is no count of tokens")
    return value
