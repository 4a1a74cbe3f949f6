"""What a tier may set, and which of several wins: no database."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgets.tier_settings import (
    FIELDS,
    LEVELS,
    MAY_SET,
    Level,
    SettingRefused,
    TierSettings,
    check_level,
    check_order,
    limits_of,
    resolve,
)
from budgets.tiers import THRESHOLDS, Limits

USD = 10**9


@dataclass
class Stated:
    """A tier without a row."""

    level: Level
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def own(self) -> TierSettings:
        """What it sets itself."""
        return TierSettings.read(self.settings)


@pytest.mark.parametrize(
    "settings",
    [
        {"run_nanos": -1},
        {"run_nanos": 10**18 + 1},
        {"run_nanos": 1.5},
        {"run_nanos": "5"},
        {"run_nanos": float("nan")},
        {"run_nanos": True},
        {"max_turns": 0},
        {"max_turns": None},
        {"parallel_runs": -1},
        {"max_seconds": 10**6 + 1},
        {"at_cap": "ask"},
        {"thresholds": [0]},
        {"thresholds": [101]},
        {"thresholds": list(range(1, 12))},
        {"allowed_llms": [""]},
        {"allowed_llms": "openai:*"},
        {"cheaper_llm": None},
        {"colour": "red"},
    ],
    ids=str,
)
def test_a_setting_that_cannot_be_is_refused_with_its_field(settings: dict[str, Any]) -> None:
    with pytest.raises(SettingRefused) as refused:
        TierSettings.read(settings)
    assert refused.value.field == next(iter(settings))
    assert refused.value.text.endswith(".")


def test_nothing_set_is_not_the_same_as_no_limit() -> None:
    assert TierSettings.read({}).stored() == {}
    assert TierSettings.read({"run_nanos": None}).stored() == {"run_nanos": None}


def test_thresholds_are_kept_once_and_in_order() -> None:
    assert TierSettings.read({"thresholds": [80, 50, 80]}).stored() == {"thresholds": [50, 80]}


def test_without_any_tier_the_built_in_limits_hold() -> None:
    assert limits_of([]) == Limits()
    assert all(found.level is None for found in resolve([]).values())
    assert limits_of([]).thresholds == THRESHOLDS


def test_no_limit_of_a_specific_tier_goes_before_an_amount_of_a_general_one() -> None:
    found = resolve([Stated("tenant", {"run_nanos": USD}), Stated("surface", {"run_nanos": None})])
    assert (found["run_nanos"].value, found["run_nanos"].level) == (None, "surface")


def some_settings() -> st.SearchStrategy[dict[str, Any]]:
    """What a tier of any level may set."""
    return st.fixed_dictionaries(
        {},
        optional={
            "run_nanos": st.none() | st.integers(0, 10 * USD),
            "session_nanos": st.none() | st.integers(0, 10 * USD),
            "max_turns": st.integers(1, 99),
            "at_cap": st.sampled_from(["stop", "pause"]),
            "cheaper_llm": st.sampled_from(["", "rehearsal:search"]),
        },
    )


@given(st.dictionaries(st.sampled_from(LEVELS), some_settings()), st.randoms(use_true_random=False))
def test_the_most_specific_tier_that_says_anything_decides(tiers: dict[Level, dict[str, Any]], luck: Any) -> None:
    stated = [Stated(level, settings) for level, settings in tiers.items()]
    luck.shuffle(stated)
    found = resolve(stated)
    for name in FIELDS:
        says = [level for level in LEVELS if name in tiers.get(level, {})]
        assert found[name].level == (says[0] if says else None)
        assert found[name].value == (tiers[says[0]][name] if says else getattr(Limits(), name))


@pytest.mark.parametrize(
    ("level", "name"),
    [("surface", "tenant_day_nanos"), ("user", "surface_day_nanos"), ("surface_user", "user_day_nanos")],
)
def test_what_is_counted_across_surfaces_is_not_set_on_one(level: Level, name: str) -> None:
    with pytest.raises(SettingRefused, match="cannot be set for"):
        check_level(level, [name])
    check_level("tenant", [name])


def test_an_unknown_setting_is_refused_at_every_level() -> None:
    for level in MAY_SET:
        with pytest.raises(SettingRefused, match="no setting"):
            check_level(level, ["colour"])


def test_a_narrow_limit_above_a_wide_one_is_refused_at_the_narrow_one() -> None:
    limits = Limits(user_day_nanos=6 * USD, tenant_day_nanos=5 * USD)
    with pytest.raises(SettingRefused, match=r"the tenant's daily limit of \$5\.00") as refused:
        check_order(["user_day_nanos"], limits)
    assert refused.value.field == "user_day_nanos"


def test_lowering_a_wide_limit_is_always_possible() -> None:
    limits = Limits(run_nanos=6 * USD, user_day_nanos=6 * USD, tenant_day_nanos=6 * USD, tenant_month_nanos=USD)
    check_order(["tenant_month_nanos"], limits)
    with pytest.raises(SettingRefused):
        check_order(["tenant_day_nanos"], limits)
