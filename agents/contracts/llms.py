"""What is asked of an LLM, what it answers, and how it fails."""

from typing import Literal

from agents.contracts.base import Contract, Count, JsonObject, NonEmpty
from agents.contracts.messages import AssistantMessage, Message
from budgets.pricing import Usage

Finish = Literal["stop", "tool_calls", "length", "content_filter", "refusal", "other"]
Purpose = Literal["turn", "summary", "grade"]
FailureKind = Literal[
    "authentication",  # 401, 403: a key is missing or wrong
    "not_found",  # 404: no such LLM at this vendor
    "invalid_request",  # 400, 413, 422: the vendor refuses this very prompt
    "rate_limited",  # 429 that passes by waiting
    "spend_limit",  # 429 or 402 that only money mends
    "overloaded",  # 503, 529, also inside a 200 stream
    "server_error",  # other 5xx
    "timeout",
    "connection",  # refused, reset, DNS
    "bad_answer",  # 200 with HTML, broken JSON, no choice
    "cut",  # the stream ended before its end mark
]
PASSING: frozenset[FailureKind] = frozenset(
    {"rate_limited", "overloaded", "server_error", "timeout", "connection", "bad_answer", "cut"}
)


def priced_name(llm: str) -> str:
    """The name in the price list: a rehearsal that is told to misbehave (``+loop``) costs what the plain one costs."""
    return llm.partition("+")[0] if llm.startswith("rehearsal:") else llm


class ToolSchema(Contract):
    """A tool as the LLM is told of it; ``parameters`` is a JSON Schema 2020-12 object."""

    name: NonEmpty
    description: str
    parameters: JsonObject


class LLMRequest(Contract):
    """One call to one LLM; ``llm`` reads ``vendor:name``, such as ``anthropic:claude-sonnet-4-5``.

    ``span_id`` is the row of the trace under which its text is shown as it is written; nobody is sent it.
    """

    llm: NonEmpty
    messages: tuple[Message, ...]
    tools: tuple[ToolSchema, ...] = ()
    max_output_tokens: Count
    timeout_seconds: float = 120.0
    purpose: Purpose = "turn"
    run_id: str = ""
    span_id: str = ""


class LLMResponse(Contract):
    """A complete answer. ``vendor_usage`` is what the vendor reported, unchanged; ``usage`` None: it reported none."""

    message: AssistantMessage
    finish: Finish
    usage: Usage | None
    vendor_usage: JsonObject = {}
    served_llm: str
    response_id: str = ""


class LLMError(Exception):
    """An LLM call that gave no complete answer.

    ``output_characters`` counts the text, reasoning and argument characters that had already streamed in: a call
    that said something is never repeated blindly. ``may_be_billed`` is False only where the vendor certainly asks
    no money: it was never reached, or it refused. ``usage`` is what it had reported by then, ``vendor_usage`` the
    same in its own words, and ``usage_is_final`` whether it was its last word.
    """

    def __init__(
        self,
        kind: FailureKind,
        detail: str,
        *,
        status: int | None = None,
        retry_after_seconds: float | None = None,
        may_be_billed: bool = True,
        output_characters: int = 0,
        usage: Usage | None = None,
        vendor_usage: JsonObject | None = None,
        usage_is_final: bool = False,
    ) -> None:
        super().__init__(detail)
        self.kind: FailureKind = kind
        self.detail = detail
        self.status = status
        self.retry_after_seconds = retry_after_seconds
        self.output_characters = output_characters
        self.usage = usage
        self.vendor_usage = vendor_usage or {}
        self.usage_is_final = usage_is_final and usage is not None
        self.may_be_billed = may_be_billed or output_characters > 0 or usage is not None

    @property
    def may_retry(self) -> bool:
        """Whether the same request may be sent again: the fault passes by itself and nothing was said yet."""
        return self.kind in PASSING and self.output_characters == 0
