"""The list of budgets: who has spent what, nearest to their caps first."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from agents.models import Run
from budgets.models import Account, Surface, Tenant
from budgets.periods import day_window, month_window, zone
from console.screens.budgets import selectors
from console.screens.budgets.lines import Line, Used
from console.screens.budgets.selectors import By, Reading
from tests.console.screens.budgets.conftest import USD, Spend, account_of
from tests.tier_edit import limit

pytestmark = pytest.mark.usefixtures("acme", "rung")

ADDRESS = "/t/acme/budgets/"
MOST_QUERIES = 12


def lines(tenant: Tenant, by: By, **asked: str) -> list[Line]:
    """The first page of one kind."""
    return Reading(tenant, timezone.now()).page(by, **asked).lines


def named(found: list[Line], name: str) -> Line:
    """The line of this name."""
    return next(line for line in found if line.name == name)


def test_surfaces_show_what_is_spent_held_and_topped_up_of_their_day(acme: Tenant, spend: Spend) -> None:
    limit(Surface.objects.get(tenant=acme, slug="enterprise"), surface_day_nanos=20 * USD)
    spend(USD, USD // 2, user="mara")
    Account.objects.filter(scope="surface_day").update(topped_up_nanos=USD)
    line = named(lines(acme, "surface"), "Enterprise")
    assert (line.spent_nanos, line.held_nanos, line.limit_nanos, line.cap_nanos) == (USD, USD // 2, 20 * USD, 21 * USD)
    assert line.left_nanos == 21 * USD - USD - USD // 2


def test_a_surface_that_nobody_used_today_shows_its_limits(acme: Tenant) -> None:
    limit(Surface.objects.get(tenant=acme, slug="free-chat"), surface_day_nanos=3 * USD)
    line = named(lines(acme, "surface"), "Free chat")
    assert (line.account, line.spent_nanos, line.cap_nanos) == (None, 0, 3 * USD)
    assert line.limits.run_nanos == USD // 10


def test_the_tenants_day_and_month_come_first(acme: Tenant, spend: Spend) -> None:
    limit(acme, tenant_day_nanos=40 * USD)
    spend(USD)
    day, month = Reading(acme, timezone.now()).page("surface").tenant_lines
    assert (day.scope, day.spent_nanos, day.cap_nanos) == ("tenant_day", USD, 40 * USD)
    assert (month.scope, month.spent_nanos, month.cap_nanos) == ("tenant_month", USD, None)


def test_users_nearest_to_their_caps_come_first_and_those_without_one_last(acme: Tenant, spend: Spend) -> None:
    limit(acme, "rich", user_day_nanos=100 * USD)
    limit(acme, "free", user_day_nanos=None)
    limit(acme, "blocked", user_day_nanos=0)
    for user, spent, held in (("rich", 2 * USD, 0), ("mara", USD, 0), ("wen", USD, USD // 2), ("free", 2 * USD, 0)):
        spend(spent, held, user=user)
    spend(0, user="blocked")
    assert [line.name for line in lines(acme, "user")] == ["blocked", "wen", "mara", "rich", "free"]


def test_amounts_at_the_edge_of_what_can_be_stored_are_ordered_too(acme: Tenant, spend: Spend) -> None:
    spend(USD, user="mara")
    Account.objects.filter(scope="user_day").update(spent_nanos=10**18, limit_nanos=10**18, topped_up_nanos=10**18)
    assert [line.name for line in lines(acme, "user")] == ["mara"]


def test_a_user_is_searched_by_part_of_the_name(acme: Tenant, spend: Spend) -> None:
    for user in ("web-12", "web-13", "mara"):
        spend(USD // 10, user=user)
    assert [line.name for line in lines(acme, "user", search="B-13")] == ["web-13"]


def test_yesterdays_users_are_not_listed(acme: Tenant, spend: Spend) -> None:
    spend(USD // 10, user="mara", at=timezone.now() - timedelta(days=2))
    assert lines(acme, "user") == []


def test_only_live_runs_and_sessions_with_one_are_listed(acme: Tenant, spend: Spend) -> None:
    live = spend(USD // 10, user="mara", session="s1")
    spend(USD // 5, user="wen", session="s2", state="completed")
    assert [line.name for line in lines(acme, "session")] == ["s1"]
    (line,) = lines(acme, "run")
    assert (line.run, line.spent_nanos) == (live, USD // 10)


def test_budgets_of_other_tenants_are_never_listed(globex: Tenant, spend: Spend) -> None:
    spend(USD, user="mara", session="s1")
    assert [lines(globex, by) for by in ("user", "session", "run")] == [[], [], []]
    assert {line.spent_nanos for line in lines(globex, "surface")} == {0}


def test_the_tier_that_sets_a_limit_is_named_and_linked(acme: Tenant, spend: Spend) -> None:
    limit(acme, "vip", user_day_nanos=9 * USD)
    spend(USD // 10, user="vip")
    spend(USD // 10, user="mara")
    found = lines(acme, "user")
    assert named(found, "vip").origin.words == "user"
    assert named(found, "vip").origin.href == "/t/acme/budgets/tiers/?user=vip"
    assert (named(found, "mara").origin.words, named(found, "mara").origin.href) == ("tenant", "/t/acme/budgets/tiers/")
    (batch,) = [line for line in lines(acme, "surface") if line.name == "Internal batch"]
    assert (batch.origin.words, batch.origin.href) == ("nobody", "/t/acme/budgets/tiers/?surface=internal-batch")


def test_runs_at_once_and_launches_in_a_minute_stand_beside_what_is_allowed(acme: Tenant, spend: Spend) -> None:
    limit(acme, "mara", parallel_runs=3, launches_per_minute=4)
    spend(USD // 10, user="mara")
    old = spend(USD // 10, user="mara")
    Run.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(hours=1))
    (mara,) = lines(acme, "user")
    assert (mara.parallel, mara.launches) == (Used(2, 3), Used(1, 4))
    enterprise = named(lines(acme, "surface"), "Enterprise")
    assert (enterprise.parallel, enterprise.launches) == (Used(2, 50), Used(1, 120))


def test_a_surface_without_numbers_of_its_own_has_the_usual_ones_unless_the_tenant_counts(acme: Tenant) -> None:
    bare = Surface.objects.create(tenant=acme, slug="bare", name="Bare")
    limit(bare, run_nanos=USD)
    assert named(lines(acme, "surface"), "Bare").parallel == Used(0, 20)
    limit(acme, parallel_runs=5)
    assert named(lines(acme, "surface"), "Bare").parallel is None


def test_a_run_that_waits_for_money_is_marked(acme: Tenant, spend: Spend) -> None:
    spend(USD // 10, state="paused_budget")
    assert lines(acme, "run")[0].severity == 3


def test_windows_are_those_of_the_tenants_time_zone(acme: Tenant, spend: Spend) -> None:
    acme.timezone = "Pacific/Kiritimati"
    acme.save()
    spend(USD, user="mara")
    (line,) = lines(acme, "user")
    tz = zone("Pacific/Kiritimati")
    assert line.window == day_window(timezone.now(), tz)
    assert Reading(acme, timezone.now()).month == month_window(timezone.now(), tz)


@pytest.mark.parametrize("by", ["surface", "user", "session", "run", "nonsense", ""])
def test_each_tab_has_an_address(by: str, acme_viewer: Client, spend: Spend) -> None:
    spend(USD // 10, USD // 100, user="mara", session="s1")
    limit(Tenant.objects.get(slug="acme"), tenant_day_nanos=40 * USD)
    page = acme_viewer.get(ADDRESS, {"by": by})
    assert page.status_code == 200
    assert "$0.10" in page.content.decode()


@pytest.mark.parametrize("by", ["surface", "user", "session", "run"])
def test_a_page_asks_few_questions_however_much_there_is(
    by: str, acme_viewer: Client, spend: Spend, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(12):
        spend(USD // 10, USD // 100, user=f"user-{number}", session=f"s{number}")
    with django_assert_max_num_queries(MOST_QUERIES):
        acme_viewer.get(ADDRESS, {"by": by})


def test_what_users_are_called_is_hostile_text(acme_viewer: Client, spend: Spend) -> None:
    spend(USD // 10, user="<script>alert(1)</script>", session="<img src=x>")
    for by in ("surface", "user", "session", "run"):
        text = acme_viewer.get(ADDRESS, {"by": by}).content.decode()
        assert "<script>alert" not in text
        assert "<img src=x" not in text


def test_pages_that_do_not_exist_and_mangled_searches_are_answered(acme_viewer: Client) -> None:
    assert acme_viewer.get(ADDRESS, {"by": "user", "q": "a\x00'%", "page": "-7"}).status_code == 200


def test_a_viewer_sees_no_button_that_spends(acme_viewer: Client, acme_approver: Client, spend: Spend) -> None:
    spend(USD // 10, user="mara")
    assert "top-up/" not in acme_viewer.get(ADDRESS, {"by": "user"}).content.decode()
    assert "top-up/" in acme_approver.get(ADDRESS, {"by": "user"}).content.decode()


def test_an_account_is_reached_from_its_row(acme_viewer: Client, acme: Tenant, spend: Spend) -> None:
    spend(USD // 10, user="mara")
    account = account_of(acme, "user_day", "mara")
    assert f'data-href="/t/acme/budgets/{account.pk}/"' in acme_viewer.get(ADDRESS, {"by": "user"}).content.decode()


def test_of_very_many_users_those_near_their_caps_and_the_newest_are_shown(
    acme: Tenant, acme_viewer: Client, spend: Spend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selectors, "MOST_USERS", 3)
    limit(acme, user_day_nanos=USD, thresholds=(50, 100))
    for name, nanos in (("near", USD * 3 // 4), ("old", USD // 4), *((f"new-{n}", USD // 100) for n in range(3))):
        spend(nanos, user=name)
    assert [line.name for line in lines(acme, "user")] == ["near", "new-0", "new-1", "new-2"]
    assert [line.name for line in lines(acme, "user", search="ol")] == ["old"]
    assert "Of many users of today" in acme_viewer.get(ADDRESS, {"by": "user"}).content.decode()
