"""The palette finds what a person may open or do, in a bounded number of queries, and nothing of other tenants."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from agents.models import AgentVersion
from budgets.models import Account, Tenant
from budgets.periods import day_window, zone
from console.models import SavedView, User
from console.screens.frame import together
from console.screens.palette.items import GROUP_ROWS, Item, grouped
from tests.console.conftest import MakeRun

pytestmark = pytest.mark.usefixtures("agent")
MOST_QUERIES = 7


def found(client: Client, text: str = "", recent: str = "", tenant: str = "acme") -> str:
    """The list that stands below the field."""
    answer = client.get(reverse("palette:find", args=[tenant]), {"q": text, "recent": recent})
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.fixture
def user_account(acme: Tenant) -> Account:
    window = day_window(timezone.now(), zone(acme.timezone))
    return Account.objects.create(tenant=acme, scope="user_day", subject="mara", user="mara", window=window.key)


def test_what_was_typed_finds_pages_runs_agents_and_accounts(
    acme_admin: Client, acme: Tenant, make_run: MakeRun, user_account: Account
) -> None:
    run = make_run(acme, task="Compare the offers of Kestrel and Wren.")
    assert reverse("budgets:holds", args=["acme"]) in found(acme_admin, "hold")
    assert reverse("runs:detail", args=["acme", run.pk]) in found(acme_admin, run.pk[-6:])
    assert reverse("runs:detail", args=["acme", run.pk]) in found(acme_admin, run.pk[-6:].upper())
    assert reverse("runs:detail", args=["acme", run.pk]) in found(acme_admin, "wren kestrel")
    assert reverse("agents:detail", args=["acme", "reader"]) in found(acme_admin, "read")
    assert reverse("budgets:account", args=["acme", user_account.pk]) in found(acme_admin, "mar")


def test_a_viewer_is_offered_nothing_that_changes_anything(acme_viewer: Client, acme_operator: Client) -> None:
    stop, launch = reverse("stops:new", args=["acme"]), reverse("runs:launch", args=["acme"])
    assert stop in found(acme_operator)
    assert launch in found(acme_operator)
    assert stop not in found(acme_viewer)
    assert launch not in found(acme_viewer)


def test_runs_agents_and_money_of_another_tenant_are_not_found(
    globex_operator: Client, acme: Tenant, make_run: MakeRun, user_account: Account
) -> None:
    run = make_run(acme, task="Compare the offers of Kestrel and Wren.")
    pages = f"/t/acme/runs/{run.pk}/ /t/globex/runs/{run.pk}/ /t/globex/budgets/{user_account.pk}/"
    for text in ("", run.pk[-6:], "kestrel", "mara"):
        answer = found(globex_operator, text, pages, tenant="globex")
        assert run.pk not in answer
        assert f"/budgets/{user_account.pk}/" not in answer
    assert globex_operator.get(reverse("palette:find", args=["acme"])).status_code == 404


def test_what_was_open_lately_comes_first(acme_viewer: Client, acme: Tenant, make_run: MakeRun) -> None:
    run = make_run(acme)
    page = reverse("runs:detail", args=["acme", run.pk])
    answer = found(acme_viewer, recent=f"{page} /t/acme/prices/ /t/acme/nowhere/")
    assert answer.index("Lately") < answer.index(page) < answer.index("/t/acme/prices/") < answer.index("Pages")
    assert answer.count("/t/acme/prices/") == 1
    assert "nowhere" not in answer


def test_what_runs_say_is_escaped(acme_viewer: Client, acme: Tenant, make_run: MakeRun) -> None:
    make_run(acme, user="<img src=x>")
    assert "<img" not in found(acme_viewer, "img")
    assert "<b>" not in found(acme_viewer, "<b>no such thing</b>")


def test_saved_views_are_found_by_their_names_and_filters(acme_viewer: Client, acme: Tenant, globex: Tenant) -> None:
    me, other = User.objects.get(username="acme_viewer"), User.objects.get(username="acme_operator")
    mine = SavedView.objects.create(tenant=acme, owner=me, name="Refunds today", query="tool:refund since:24h")
    SavedView.objects.create(tenant=acme, owner=other, name="Night shift", query="surface:internal-batch", shared=True)
    SavedView.objects.create(tenant=acme, owner=other, name="Secret thoughts")
    SavedView.objects.create(tenant=globex, owner=me, name="Refunds elsewhere")
    answer = found(acme_viewer, "refunds")
    assert "/t/acme/runs/?q=tool%3Arefund+since%3A24h" in answer
    assert mine.name in found(acme_viewer, "tool:refund")
    assert "elsewhere" not in answer
    assert "shared by acme_operator" in found(acme_viewer, "night")
    assert "thoughts" not in found(acme_viewer, "secret thou")


def test_nothing_found_is_said(acme_viewer: Client) -> None:
    answer = found(acme_viewer, "zzqq")
    assert "zzqq" in answer
    assert 'role="status"' in answer
    assert 'role="listbox"' not in answer


@pytest.mark.parametrize("text", ["", "a", "abcdef", "two words"])
def test_the_queries_are_few(
    text: str, acme_admin: Client, acme: Tenant, make_run: MakeRun, django_assert_max_num_queries: Any
) -> None:
    for _ in range(12):
        make_run(acme, task="A task of two words.")
    assert AgentVersion.objects.exists()
    with django_assert_max_num_queries(MOST_QUERIES):
        found(acme_admin, text)


def test_names_that_begin_with_the_text_come_first_and_groups_are_short() -> None:
    items = [Item("Pages", f"History {number}", f"/{number}/", "what holds") for number in range(20)]
    items.append(Item("Pages", "Holds", "/holds/"))
    (group,) = grouped(items, "hold", [])
    assert group.items[0].label == "Holds"
    assert len(group.items) == GROUP_ROWS


@pytest.mark.parametrize(("counts", "sum_"), [(["", ""], ""), (["1", "", "2"], "3"), (["50+", "2"], "52+")])
def test_counts_of_the_navigation_add_up(counts: list[str], sum_: str) -> None:
    assert together(counts) == sum_
