"""Which kind of failure a vendor's status code and words mean, for every vendor alike."""

import re

from agents.contracts.llms import FailureKind

# Codes and types that only money mends. OpenAI sends them with 429, DeepSeek 402, Anthropic 400.
SPEND_CODES = re.compile(
    r"insufficient_quota|exceeded_current_quota|insufficient_(balance|credit|funds)|billing|spend_limit"
    r"|usage_limit_exceeded|credit_balance|payment_required"
)
SPEND_WORDS = re.compile(r"credit balance|insufficient (balance|credit|funds|quota)|plan and billing|out of credits")
# Gemini says "check your plan and billing" of a limit per minute too, and then when to come back.
PASSES_SOON = re.compile(r"(retry|try again) (in|after) \d")
BY_CODE: tuple[tuple[re.Pattern[str], FailureKind], ...] = (
    (re.compile(r"overloaded|over_capacity|unavailable"), "overloaded"),
    (re.compile(r"rate_limit|too_many_requests|throttl|resource_exhausted"), "rate_limited"),
    (re.compile(r"invalid_api_key|authentication|permission|unauthorized"), "authentication"),
    (re.compile(r"model_not_found|not_found_error"), "not_found"),
    (re.compile(r"timeout"), "timeout"),
    (
        re.compile(r"invalid_request|context_length|request_too_large|invalid_prompt|tool_use_failed"),
        "invalid_request",
    ),
    (re.compile(r"server_error|api_error|internal"), "server_error"),
)
BY_STATUS: dict[int, FailureKind] = {
    401: "authentication",
    402: "spend_limit",
    403: "authentication",
    404: "not_found",
    408: "timeout",
    429: "rate_limited",
    503: "overloaded",
    504: "timeout",
    529: "overloaded",
}


def kind_of(status: int | None, code: str = "", message: str = "") -> FailureKind:
    """The kind of a failure that a vendor reported, by status, by its code or type, by its words.

    Errors inside a stream come without a status (``None``); then code and type decide, else "server_error".
    """
    code, message = code.lower(), message.lower()
    if SPEND_CODES.search(code) or (SPEND_WORDS.search(message) and not PASSES_SOON.search(message)):
        return "spend_limit"
    named = next((kind for pattern, kind in BY_CODE if pattern.search(code)), None)
    if status is None:
        return named or "server_error"
    # These say more than the status they come with: some gateways send them with 400 or 500.
    if named in ("not_found", "overloaded", "rate_limited") or (named == "authentication" and status == 400):
        return named
    return by_status(status)


def by_status(status: int) -> FailureKind:
    """The kind that a status alone means."""
    if status in BY_STATUS:
        return BY_STATUS[status]
    if status >= 500:
        return "server_error"
    return "invalid_request" if status >= 400 else "bad_answer"
