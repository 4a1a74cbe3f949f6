"""Statuses, codes and words of vendors, and which kind of failure they mean."""

import pytest

from agents.contracts.llms import FailureKind
from agents.llms.clean_text import clean_detail, mended
from agents.llms.failure_kinds import kind_of


@pytest.mark.parametrize(
    ("status", "code", "message", "kind"),
    [
        (401, "", "", "authentication"),
        (403, "permission_error", "", "authentication"),
        (400, "invalid_api_key", "", "authentication"),
        (404, "", "", "not_found"),
        (400, "model_not_found", "", "not_found"),
        (400, "invalid_request_error", "", "invalid_request"),
        (413, "", "", "invalid_request"),
        (422, "", "", "invalid_request"),
        (429, "rate_limit_exceeded", "slow down", "rate_limited"),
        (429, "insufficient_quota", "You exceeded your current quota.", "spend_limit"),
        (429, "exceeded_current_quota_error", "", "spend_limit"),
        (
            429,
            "RESOURCE_EXHAUSTED",
            "check your plan and billing details. Please retry in 14s",
            "rate_limited",
        ),
        (400, "invalid_request_error", "Your credit balance is too low to access the API", "spend_limit"),
        (402, "", "Insufficient Balance", "spend_limit"),
        (408, "", "", "timeout"),
        (500, "server_error", "", "server_error"),
        (502, "", "", "server_error"),
        (503, "", "", "overloaded"),
        (529, "overloaded_error", "", "overloaded"),
        (500, "overloaded_error", "", "overloaded"),
        (504, "", "", "timeout"),
        (418, "", "", "invalid_request"),
        (302, "", "", "bad_answer"),
        (None, "overloaded_error", "Overloaded", "overloaded"),
        (None, "rate_limit_error", "", "rate_limited"),
        (None, "api_error", "", "server_error"),
        (None, "invalid_request_error", "", "invalid_request"),
        (None, "", "something broke", "server_error"),
    ],
)
def test_kind_of(status: int | None, code: str, message: str, kind: FailureKind) -> None:
    assert kind_of(status, code, message) == kind


@pytest.mark.parametrize(
    "text",
    [
        "Incorrect API key provided: sk-proj-AbCdEf0123456789.",
        "header Authorization: Bearer abcdef0123456789abcdef",
        'api_key="s3cretvalue99" is wrong',
        "the key is my-very-own-key",
    ],
)
def test_details_hold_no_keys(text: str) -> None:
    detail = clean_detail(text, ("my-very-own-key",))
    assert "[key]" in detail
    for secret in ("AbCdEf0123456789", "abcdef0123456789", "s3cretvalue99", "my-very-own-key"):
        assert secret not in detail


def test_details_are_one_bounded_line_without_markup() -> None:
    detail = clean_detail("<html><script>alert(1)</script><h1>Bad\x00\n\x1b[31m gateway</h1>" + "x" * 9_000)
    assert detail.startswith("Bad [31m gateway xxx")
    assert len(detail) == 500
    assert detail.isprintable()


def test_surrogate_halves_are_joined_or_replaced() -> None:
    assert mended("a\ud83d\ude00b") == "a😀b"
    assert mended("a\ud83d") == "a\ufffd"
    assert mended("plain") == "plain"
