"""Edits of tiers: what they add up to, what they refuse, how they end, and that open accounts follow at once."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from budgets.ledger import verify
from budgets.limits import limits_for
from budgets.models import Account, LedgerEntry, Surface, Tenant, Tier, TierEdit
from budgets.tier_edits import Change, TierChanged, edit_tier, expired_edits, find_tier, undo_edit, version_of
from budgets.tier_settings import SettingRefused
from budgets.tiers import Limits
from tests.budgets.conftest import USD, Till
from tests.tier_edit import limit


def edit(till: Till, *, user: str = "", everywhere: bool = False, hours: int = 0, **given: Any) -> TierEdit | None:
    """An edit of the till's surface, or of the whole tenant; `hours` until it ends, 0 for never."""
    unset, seen = given.pop("unset", ()), given.pop("seen", "")
    change = Change(
        changes=given,
        unset=unset,
        reason="for a test",
        actor="acme_admin",
        made_from="test",
        expires_at=timezone.now() + timedelta(hours=hours) if hours else None,
        seen=seen,
    )
    return edit_tier(tenant=till.tenant, surface=None if everywhere else till.surface, user=user, change=change)


def made(found: TierEdit | None) -> TierEdit:
    assert found is not None
    return found


def settings_of(till: Till, user: str = "") -> dict[str, Any]:
    found: dict[str, Any] = Tier.objects.get(surface=till.surface, user=user).settings
    return found


def test_an_edit_keeps_who_why_when_and_what_stood_before(till: Till) -> None:
    edit(till, run_nanos=USD)
    second = made(edit(till, run_nanos=2 * USD, max_turns=5, unset=["run_nanos"]))
    assert (second.changes, second.unset, second.before) == ({"max_turns": 5}, ["run_nanos"], {"run_nanos": USD})
    assert (second.reason, second.made_by, second.made_from) == ("for a test", "acme_admin", "test")
    assert settings_of(till) == {"max_turns": 5}


def test_an_edit_that_changes_nothing_is_none(till: Till) -> None:
    edit(till, run_nanos=USD)
    assert edit(till, run_nanos=USD) is None
    assert edit(till, unset=["session_nanos"]) is None
    assert TierEdit.objects.count() == 1


def test_to_set_no_limit_is_a_change_where_nothing_was_set(till: Till) -> None:
    edit(till, run_nanos=USD)
    assert made(edit(till, session_nanos=None)).changes == {"session_nanos": None}
    assert settings_of(till) == {"run_nanos": USD, "session_nanos": None}


def test_undoing_lets_earlier_edits_count_again_and_later_ones_stay(till: Till) -> None:
    edit(till, run_nanos=USD)
    second = made(edit(till, run_nanos=2 * USD, max_turns=5))
    edit(till, max_turns=7)
    assert undo_edit(edit=second, actor="acme_admin")
    assert settings_of(till) == {"run_nanos": USD, "max_turns": 7}
    second.refresh_from_db()
    assert second.lapsed_by == "acme_admin"
    assert not undo_edit(edit=second, actor="acme_admin")


def test_undoing_an_inheritance_sets_the_field_again(till: Till) -> None:
    edit(till, run_nanos=USD)
    inherits = made(edit(till, unset=["run_nanos"]))
    assert settings_of(till) == {}
    undo_edit(edit=inherits, actor="acme_admin")
    assert settings_of(till) == {"run_nanos": USD}


def test_an_edit_whose_time_is_over_is_found_once(till: Till) -> None:
    edit(till, run_nanos=USD)
    lent = made(edit(till, run_nanos=2 * USD, hours=1))
    later = timezone.now() + timedelta(hours=2)
    assert expired_edits(timezone.now()) == []
    assert expired_edits(later) == [lent]
    undo_edit(edit=lent, actor="the clock")
    assert expired_edits(later) == []
    assert settings_of(till) == {"run_nanos": USD}


def test_what_stands_until_an_edit_expires_can_be_kept_for_ever(till: Till) -> None:
    edit(till, run_nanos=USD)
    lent = made(edit(till, run_nanos=2 * USD, hours=1))
    assert edit(till, run_nanos=2 * USD, hours=1) is not None, "an hour from now is later than an hour from before"
    kept = made(edit(till, run_nanos=2 * USD))
    assert kept.changes == {"run_nanos": 2 * USD}
    undo_edit(edit=lent, actor="the clock")
    assert settings_of(till) == {"run_nanos": 2 * USD}
    assert edit(till, run_nanos=2 * USD) is None


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"run_nanos": -1}, "run_nanos"),
        ({"max_turns": 0}, "max_turns"),
        ({"tenant_day_nanos": 1}, "tenant_day_nanos"),
        ({"colour": "red"}, "colour"),
        ({"unset": ["colour"]}, "colour"),
    ],
)
def test_a_refused_edit_writes_nothing(till: Till, given: dict[str, Any], field: str) -> None:
    with pytest.raises(SettingRefused) as refused:
        edit(till, **given)
    assert refused.value.field == field
    assert not Tier.objects.exists()


def test_a_users_limit_above_its_tenants_is_refused(till: Till) -> None:
    limit(till.tenant, tenant_day_nanos=5 * USD)
    with pytest.raises(SettingRefused) as refused:
        edit(till, user="alice", everywhere=True, user_day_nanos=6 * USD)
    assert refused.value.field == "user_day_nanos"
    edit(till, user="alice", everywhere=True, user_day_nanos=5 * USD)


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501])
def test_an_edit_needs_a_reason(till: Till, reason: str) -> None:
    change = Change(changes={"run_nanos": USD}, reason=reason, actor="a", made_from="test")
    with pytest.raises(SettingRefused) as refused:
        edit_tier(tenant=till.tenant, surface=till.surface, user="", change=change)
    assert refused.value.field == "reason"


def test_an_edit_cannot_end_before_it_begins(till: Till) -> None:
    with pytest.raises(SettingRefused) as refused:
        edit(till, run_nanos=USD, hours=-1)
    assert refused.value.field == "expires_at"


def test_a_surface_of_another_tenant_and_an_unprintable_user_are_refused(till: Till) -> None:
    globex = Tenant.objects.create(slug="globex", name="Globex")
    theirs = Surface.objects.create(tenant=globex, slug="chat", name="Chat")
    with pytest.raises(SettingRefused, match="not a surface of acme"):
        find_tier(tenant=till.tenant, surface=theirs, user="")
    for user in ("a\x00", "x" * 201):
        with pytest.raises(SettingRefused, match="printable"):
            find_tier(tenant=till.tenant, surface=None, user=user)


def test_an_edit_of_something_else_than_was_seen_is_refused(till: Till) -> None:
    nothing = version_of(find_tier(tenant=till.tenant, surface=till.surface, user=""))
    edit(till, run_nanos=USD, seen=nothing)
    with pytest.raises(TierChanged):
        edit(till, run_nanos=3 * USD, seen=nothing)
    seen = version_of(Tier.objects.get())
    second = made(edit(till, run_nanos=2 * USD, seen=seen))
    undo_edit(edit=second, actor="acme_admin")
    with pytest.raises(TierChanged):
        edit(till, run_nanos=3 * USD, seen=seen)
    assert settings_of(till) == {"run_nanos": USD}


def test_a_check_sees_the_limits_to_be_and_may_refuse(till: Till) -> None:
    limit(till.tenant, max_turns=9)
    asked: list[tuple[list[str], Limits]] = []

    def refuse(changed: Any, limits: Limits) -> None:
        asked.append((sorted(changed), limits))
        raise SettingRefused("run_nanos", "No.")

    change = Change(changes={"run_nanos": USD}, reason="x", actor="a", made_from="test")
    with pytest.raises(SettingRefused):
        edit_tier(tenant=till.tenant, surface=till.surface, user="", change=change, check=refuse)
    assert asked == [(["run_nanos"], Limits(run_nanos=USD, max_turns=9))]


# Open accounts -------------------------------------------------------------------------------------------------


def limits_now(till: Till, **of: Any) -> int | None:
    return Account.objects.get(tenant=till.tenant, **of).limit_nanos


def test_each_scope_follows_the_tiers_that_cover_it(till: Till) -> None:
    limit(till.surface, run_nanos=USD)
    now = timezone.now()
    till.accounts(limits_for(surface=till.surface, user="alice"), at=now)
    limit(till.tenant, tenant_day_nanos=9 * USD, tenant_month_nanos=90 * USD, user_day_nanos=5 * USD)
    limit(till.surface, session_nanos=4 * USD, surface_day_nanos=8 * USD)
    edit(till, user="alice", everywhere=True, user_day_nanos=3 * USD)
    found = dict(Account.objects.exclude(scope="run").values_list("scope", "limit_nanos"))
    assert found == {
        "session": 4 * USD,
        "user_day": 3 * USD,
        "surface_day": 8 * USD,
        "tenant_day": 9 * USD,
        "tenant_month": 90 * USD,
    }
    assert verify() is None


def test_each_change_of_a_limit_is_an_entry_of_the_account(till: Till) -> None:
    limit(till.surface, run_nanos=USD)
    till.accounts(limits_for(surface=till.surface, user=""), user="", session="", at=timezone.now())
    limit(till.surface, surface_day_nanos=8 * USD)
    limit(till.surface, max_turns=3)
    last = made(edit(till, surface_day_nanos=None))
    undo_edit(edit=last, actor="acme_admin")
    day = Account.objects.get(scope="surface_day")
    told = LedgerEntry.objects.of_account(day).order_by("pk").values_list("kind", "limit_nanos")
    assert list(told) == [("limit", 8 * USD), ("limit", None), ("limit", 8 * USD)]
    assert day.first_limit_nanos is None


def test_a_window_that_is_over_keeps_the_limit_that_it_had(till: Till) -> None:
    limit(till.surface, run_nanos=USD, surface_day_nanos=2 * USD)
    limits = limits_for(surface=till.surface, user="")
    now = timezone.now()
    till.accounts(limits, user="", session="", at=now - timedelta(days=2))
    till.accounts(limits, user="", session="", at=now)
    limit(till.surface, surface_day_nanos=3 * USD)
    days = Account.objects.filter(scope="surface_day").order_by("window_end_at")
    assert [day.limit_nanos for day in days] == [2 * USD, 3 * USD]


def test_runs_that_have_ended_keep_their_limit(till: Till) -> None:
    limit(till.surface, run_nanos=USD)
    for run_id in ("ended", "live"):
        till.accounts(limits_for(surface=till.surface, user=""), user="", session="", run_id=run_id)
    change = Change(changes={"run_nanos": 2 * USD}, reason="x", actor="a", made_from="test")
    edit_tier(tenant=till.tenant, surface=till.surface, user="", change=change, live_runs={"live": None})
    assert [limits_now(till, scope="run", subject=each) for each in ("ended", "live")] == [USD, 2 * USD]


def test_a_live_run_keeps_its_limit_when_nobody_sets_one_any_more(till: Till) -> None:
    first = made(edit(till, run_nanos=USD))
    till.accounts(limits_for(surface=till.surface, user=""), user="", session="", run_id="live")
    undo_edit(edit=first, actor="acme_admin", live_runs={"live": None})
    assert limits_now(till, scope="run") == USD


def test_the_shares_at_which_people_are_told_follow_too(till: Till) -> None:
    limit(till.surface, run_nanos=USD)
    till.accounts(limits_for(surface=till.surface, user="alice"), at=timezone.now())
    limit(till.tenant, thresholds=[90])
    told = dict(Account.objects.values_list("scope", "thresholds"))
    assert told["user_day"] == told["tenant_month"] == "90"
    assert told["run"] == told["session"] == ""


def test_another_tenants_accounts_are_left_alone(till: Till) -> None:
    globex = Tenant.objects.create(slug="globex", name="Globex")
    theirs = Till(globex, Surface.objects.create(tenant=globex, slug="chat", name="Chat"))
    theirs.accounts(Limits(run_nanos=USD), at=timezone.now())
    before = list(Account.objects.filter(tenant=globex).values_list("pk", "limit_nanos"))
    limit(till.tenant, tenant_day_nanos=USD)
    assert list(Account.objects.filter(tenant=globex).values_list("pk", "limit_nanos")) == before
