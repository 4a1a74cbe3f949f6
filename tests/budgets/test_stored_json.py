"""What a vendor reports is kept as it came, or as a text that every database can keep."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgets.ledger.stored_json import VENDOR_USAGE_MAX_CHARS, vendor_usage_json

leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
reports = st.dictionaries(
    st.text(),
    st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8),
)


def nested(depth: int) -> dict[str, Any]:
    """A report in a report in a report."""
    report: dict[str, Any] = {}
    for _ in range(depth):
        report = {"a": report}
    return report


def test_a_plain_report_is_kept_as_it_came() -> None:
    report = {"prompt_tokens": 3, "details": {"cached": 1, "note": "größer"}}
    assert json.loads(vendor_usage_json(report) or "") == report


@pytest.mark.parametrize(
    "report",
    [
        {"a": float("nan")},
        {"a": float("inf")},
        {"a": "nul \x00"},
        {"nul \x00": 1},
        {"a": "\ud800"},
        {"a": 10**5000},
        {"a": "x" * VENDOR_USAGE_MAX_CHARS},
        {"a": object()},
        nested(100_000),
    ],
)
def test_what_no_database_keeps_becomes_a_short_text(report: dict[str, Any]) -> None:
    stored = vendor_usage_json(report)
    assert stored is not None
    assert list(json.loads(stored)) == ["unreadable"]
    assert len(stored) < 2 * VENDOR_USAGE_MAX_CHARS
    assert "\\u0000" not in stored


@given(reports)
def test_any_report_can_be_stored(report: dict[str, Any]) -> None:
    stored = vendor_usage_json(report) or ""
    assert stored.isascii()
    read_back = repr(json.loads(stored))
    assert "\\x00" not in read_back.replace("\\\\", "")
    # Half a surrogate pair could not be written as UTF-8.
    assert json.dumps(json.loads(stored), ensure_ascii=False).encode()


def test_no_report_is_no_json() -> None:
    assert vendor_usage_json(None) is None
