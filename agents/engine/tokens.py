"""Counting tokens without a vendor's tokenizer: an estimate, corrected by what the vendor last reported."""

import json
import math
from collections.abc import Iterable

from agents.contracts.llms import ToolSchema
from agents.contracts.messages import AssistantMessage, Message, ToolMessage

BYTES_PER_TOKEN = 3.0  # below the 3.5-4.5 of English text and the 3-3.5 of JSON: the estimate errs upwards
PER_MESSAGE = 8  # role marks and separators, as vendors count them
LOWEST, HIGHEST = 0.5, 3.0  # a report outside this range of our estimate is taken for a vendor's mistake
MARGIN = 1.15  # of a hold over the calibrated estimate
NEW_MARGIN = 1.5  # over the plain estimate of what no vendor has counted yet: two bytes a token, as in ids and digits
# What vendors put before a prompt unasked, at most (Anthropic documents 313 to 804 tokens of its own for tools).
VENDOR_PROMPT, VENDOR_TOOL_PROMPT = 100, 850


def of_text(text: str) -> int:
    """Tokens of a text, estimated upwards."""
    return math.ceil(len(text.encode("utf-8", "surrogatepass")) / BYTES_PER_TOKEN)


def of_message(message: Message) -> int:
    """Tokens of one message with its calls or its result."""
    if isinstance(message, ToolMessage):
        return PER_MESSAGE + of_text(json.dumps(message.content, ensure_ascii=False))
    total = PER_MESSAGE + of_text(message.text)
    if isinstance(message, AssistantMessage):
        for call in message.calls:
            arguments = call.arguments_raw or json.dumps(call.arguments, ensure_ascii=False)
            total += PER_MESSAGE + of_text(call.name + arguments)
    return total


def of_tools(tools: Iterable[ToolSchema]) -> int:
    """Tokens of the tool schemas that ride along in each request."""
    return sum(PER_MESSAGE + of_text(t.name + t.description + json.dumps(t.parameters)) for t in tools)


def calibration(estimated: int, reported: int) -> float:
    """Factor from our estimate to the vendor's count, from one prompt that both have counted."""
    if estimated <= 0 or reported <= 0:
        return 1.0
    return min(HIGHEST, max(LOWEST, reported / estimated))


def upper_bound(estimated: int, factor: float, *, with_tools: bool) -> int:
    """Tokens to hold money for: never under the plain estimate unless the vendor has shown it to be high."""
    return math.ceil(estimated * factor * MARGIN) + (VENDOR_TOOL_PROMPT if with_tools else VENDOR_PROMPT)


def grown(counted: int, new: int) -> int:
    """Tokens to hold money for when the vendor has counted most of a prompt, and only so many of ours are new."""
    return counted + math.ceil(max(0, new) * NEW_MARGIN) + PER_MESSAGE
