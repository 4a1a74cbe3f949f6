"""Which account binds, what is left, and the sentence for people."""

from dataclasses import dataclass
from datetime import UTC, datetime

from budgets.tiers import SCOPES, Limits, Refusal, Scope, binding, left_nanos

USD = 10**9


@dataclass
class Standing:
    """A balance as the rules see it."""

    scope: Scope
    limit_nanos: int | None
    spent_nanos: int = 0
    held_nanos: int = 0


def scope_that_binds(balances: list[Standing]) -> Scope | None:
    """The scope that would refuse first."""
    found = binding(balances)
    return found.scope if found else None


def test_the_account_with_the_least_left_binds() -> None:
    run, day = Standing("run", 5 * USD, spent_nanos=USD), Standing("user_day", 5 * USD, USD, 2 * USD)
    assert scope_that_binds([run, day]) == "user_day"
    assert left_nanos(day) == 2 * USD


def test_the_narrower_scope_binds_among_equals() -> None:
    equals = [Standing("tenant_month", USD), Standing("session", USD), Standing("run", USD)]
    assert scope_that_binds(equals) == "run"


def test_nothing_binds_without_a_limit() -> None:
    assert scope_that_binds([Standing("run", None), Standing("tenant_day", None)]) is None
    assert left_nanos(Standing("run", None)) is None


def test_less_than_nothing_is_left_after_a_vendor_billed_more() -> None:
    assert left_nanos(Standing("run", USD, spent_nanos=2 * USD)) == -USD


def test_limits_are_found_by_scope() -> None:
    limits = Limits(
        run_nanos=1,
        session_nanos=2,
        user_day_nanos=3,
        surface_day_nanos=4,
        tenant_day_nanos=5,
        tenant_month_nanos=6,
    )
    assert [limits.of(scope) for scope in SCOPES] == [1, 2, 3, 4, 5, 6]


def test_a_refusal_says_in_one_sentence_what_and_until_when() -> None:
    refusal = Refusal(
        account_id=7,
        scope="user_day",
        limit_nanos=5 * USD,
        spent_nanos=4 * USD,
        held_nanos=USD // 2,
        asked_nanos=USD,
        resets_at=datetime(2026, 11, 23, tzinfo=UTC),
    )
    assert refusal.text == (
        "The budget of this user today is $5.00, $4.00 spent and $0.50 held, "
        "and the next call may cost $1.00; it starts afresh at 2026-11-23 00:00 UTC."
    )
    assert refusal.left_nanos == USD // 2


def test_a_refusal_never_says_that_less_than_nothing_is_left() -> None:
    refusal = Refusal(7, "run", USD, 2 * USD, 0, USD, None)
    assert refusal.left_nanos == 0
    assert "afresh" not in refusal.text
