"""The first rule that fits says who must be asked; what cannot be judged is asked about."""

from decimal import Decimal

import pytest
from pydantic import JsonValue, ValidationError

from agents.approvals.rules import Condition, Rule, amount, stricter, terms_for
from agents.engine.batch import ApprovalTerms
from tests.agents.engine.world import ASK_FIRST, LOOK_UP


def condition(argument: str, is_: str, value: JsonValue) -> Condition:
    """As it is written down."""
    return Condition.model_validate({"argument": argument, "is": is_, "value": value})


def rule(tool: str = "*", *conditions: Condition, people: int = 1, role: str = "approver", number: int = 1) -> Rule:
    """A rule with so many people."""
    return Rule(number, tool, conditions, people, role)  # type: ignore[arg-type]  # parametrised


@pytest.mark.parametrize(
    ("is_", "value", "came", "holds"),
    [
        ("=", 5, 5, True),
        ("=", "5", 5, True),
        ("=", "a", "b", False),
        ("=", True, 1, False),
        ("!=", "a", "b", True),
        ("<", 100, 99.99, True),
        ("<=", "100.00", "100", True),
        (">", "0.3", 0.1 + 0.2, True),
        (">", "99.99", "100.00", True),
        (">=", 100, 99, False),
        ("contains", "Refund", "a REFUND, please", True),
        ("contains", "red", ["blue", "red"], True),
        ("matches", r"@example\.com$", "ann@example.com", True),
        ("matches", r"@example\.com$", "ann@example.com.evil.org", False),
        ("in", ["a", 2], 2, True),
        ("in", ["a"], "b", False),
    ],
)
def test_a_condition_compares_amounts_as_decimals_and_texts_as_texts(
    is_: str, value: JsonValue, came: JsonValue, holds: bool
) -> None:
    assert condition("/order/x", is_, value).holds({"order": {"x": came}}) is holds


def test_what_is_not_there_is_only_unequal() -> None:
    assert condition("/x", "!=", 1).holds({})
    assert not any(condition("/x", is_, 1).holds({}) for is_ in ("=", "<", "<=", ">", ">="))


@pytest.mark.parametrize(
    ("argument", "is_", "value"),
    [
        ("/a", ">", "many"),
        ("/a", ">", True),
        ("/a", "in", "a"),
        ("/a", "matches", "(("),
        ("amount", "=", 1),
        ("/a", "~", 1),
    ],
)
def test_a_condition_that_could_never_be_judged_is_refused(argument: str, is_: str, value: JsonValue) -> None:
    with pytest.raises(ValidationError):
        condition(argument, is_, value)


@pytest.mark.parametrize("came", ["a lot", None, [500], "NaN", "Infinity", True])
def test_what_cannot_be_compared_is_asked_about_and_never_let_go(came: JsonValue) -> None:
    over, under = condition("/text", ">", 100), condition("/text", "<=", 100)
    assert rule("pay", over, people=2).fits("pay", {"text": came})
    assert not rule("pay", under, people=0).fits("pay", {"text": came})


def test_a_pattern_that_takes_for_ever_on_some_text_is_asked_about() -> None:
    slow = condition("/text", "matches", r"^(a|aa)+$")
    assert rule("*", slow).fits("pay", {"text": "a" * 5_000 + "b"})
    assert not rule("*", slow, people=0).fits("pay", {"text": "a" * 5_000 + "b"})


def test_the_first_rule_that_fits_decides() -> None:
    large = rule("pay", condition("/text", ">", 100), people=2, role="admin", number=1)
    rules = [large, rule("pa*", number=2)]
    assert terms_for(ASK_FIRST, {"text": "500"}, rules) == ApprovalTerms(2, "admin", 1)
    assert terms_for(ASK_FIRST, {"text": "50"}, rules) == ApprovalTerms(1, "approver", 2)


def test_without_a_rule_one_approver_is_asked_where_the_tool_says_so() -> None:
    assert terms_for(ASK_FIRST, {}, []) == ApprovalTerms()
    assert terms_for(LOOK_UP, {}, []) is None
    assert terms_for(LOOK_UP, {}, [rule("*")]) is not None


def test_only_a_rule_lets_a_dangerous_call_go() -> None:
    small = rule("pay", condition("/text", "<=", 10), people=0)
    assert terms_for(ASK_FIRST, {"text": "10.00"}, [small]) is None
    assert terms_for(ASK_FIRST, {"text": "10.01"}, [small]) == ApprovalTerms()


def test_of_two_terms_the_stricter_ones_hold() -> None:
    one, other = ApprovalTerms(2, "operator", 1, 60), ApprovalTerms(1, "admin", 2)
    assert stricter(one, other) == ApprovalTerms(2, "admin", 1, 60)
    assert stricter(one, None) == one


def test_amounts_take_no_detour_over_floats() -> None:
    assert amount(0.1) == Decimal("0.1")
    assert amount("12345678901234567890.01") == Decimal("12345678901234567890.01")
    assert amount(True) is None
