"""Why a run is where it is."""

from dataclasses import dataclass, field

from agents.contracts.base import JsonObject
from console.screens.run.why import MOST_FINDINGS, tells, why


@dataclass(frozen=True)
class Fact:
    seq: int
    kind: str
    data: JsonObject = field(default_factory=dict)
    span_id: str = ""
    parent_span_id: str = ""


def test_a_calm_run_has_no_causes() -> None:
    calm = [
        Fact(1, "run.launched"),
        Fact(2, "model.ended", {"status": "ok"}),
        Fact(3, "verdict.given", {"accepted": True}),
    ]
    assert why([*calm, Fact(4, "run.ended", {"state": "completed"})]) == []


def test_the_first_cause_comes_first_and_repeats_are_counted() -> None:
    failed: JsonObject = {"implementation": "live_stock", "status": "failed", "error": "HTTP 503"}
    found = why(
        [
            Fact(3, "attempt.ended", failed, "a1", "t1"),
            Fact(5, "attempt.ended", failed, "a2", "t2"),
            Fact(
                6,
                "tool.fallback",
                {"tool": "stock", "from": "live_stock", "to": "cached_stock", "error": "503"},
            ),
        ]
    )
    assert [(finding.title, finding.times) for finding in found] == [
        ("live_stock failed", 2),
        ("stock fell back: live_stock → cached_stock", 1),
    ]
    assert found[0].text == "HTTP 503"
    assert found[0].span_id == "t1"


def test_a_refusal_of_money_names_scope_and_amounts() -> None:
    data: JsonObject = {
        "scope": "user_day",
        "limit_nanos": 5 * 10**9,
        "spent_nanos": 49 * 10**8,
        "held_nanos": 0,
    }
    (found,) = why([Fact(1, "hold.refused", {**data, "asked_nanos": 2 * 10**8})])
    assert found.title == "The budget of this user today refused the next call"
    assert found.text == "limit $5.00, spent $4.90, held $0.00, asked $0.20"


def test_a_rejected_call_names_the_field() -> None:
    fields: JsonObject = {"fields": [{"path": "order_number", "problem": "must be a whole number"}]}
    (found,) = why([Fact(1, "call.rejected", {"tool": "refund", "error_type": "invalid_arguments", **fields})])
    assert found.text == "order_number: must be a whole number"


def test_with_many_causes_the_worst_stay_in_order() -> None:
    warnings = [Fact(n, "model.fallback", {"from": f"a{n}", "to": "b"}) for n in range(1, 20)]
    found = why([*warnings, Fact(20, "error.raised", {"where": "engine", "error": "boom"})])
    assert len(found) == MOST_FINDINGS
    assert found[-1].title == "Error in engine"
    assert [finding.seq for finding in found] == sorted(finding.seq for finding in found)


def test_payloads_of_another_shape_raise_nothing() -> None:
    odd = [
        Fact(1, "call.rejected", {"fields": "?"}),
        Fact(2, "verdict.given", {"issues": [1]}),
        Fact(3, "hold.refused"),
    ]
    assert len(why(odd)) == 3


def test_a_fallback_does_not_repeat_the_reason_of_the_failure_before_it() -> None:
    failed: JsonObject = {"implementation": "live_stock", "status": "failed", "error": "HTTP 503"}
    fallback: JsonObject = {"tool": "stock", "from": "live_stock", "to": "cached_stock", "error": "HTTP 503"}
    found = why([Fact(1, "attempt.ended", failed), Fact(2, "tool.fallback", fallback)])
    assert [finding.text for finding in found] == ["HTTP 503", ""]


def test_only_what_is_a_cause_makes_a_list_of_causes_old() -> None:
    assert tells("attempt.ended", {"status": "failed"})
    assert not tells("attempt.ended", {"status": "ok"})
    assert not tells("model.started", {})
