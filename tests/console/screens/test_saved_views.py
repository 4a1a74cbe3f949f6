"""Saved views: whose they are, who sees them, and with which a list opens."""

import pytest
from django.test import Client

from budgets.models import Action, Tenant
from console.models import DefaultView, SavedView
from tests.console.conftest import SignedIn

ADDRESS = "/t/acme/runs/"
NEW = f"{ADDRESS}views/new/"
GIVEN = {"name": "Refunds", "q": "agent:refund status:live", "sort": "-cost"}

pytestmark = pytest.mark.usefixtures("acme")


def saved(client: Client, **more: str) -> SavedView:
    answer = client.post(NEW, {**GIVEN, **more})
    assert answer.status_code == 302
    return SavedView.objects.latest("pk")


def test_a_saved_view_is_a_tab_that_leads_to_its_filter(acme_operator: Client) -> None:
    answer = acme_operator.post(NEW, GIVEN)
    assert answer["Location"] == f"{ADDRESS}?q=agent%3Arefund+status%3Alive&sort=-cost"
    page = acme_operator.get(answer["Location"]).content.decode()
    assert 'sort=-cost" aria-current="true">Refunds</a>' in page
    assert "View…" in page
    assert Action.objects.filter(actor="acme_operator", verb="view.save", target="view Refunds").exists()


def test_a_view_is_ones_own_until_it_is_shared(acme_operator: Client, acme_viewer: Client) -> None:
    view = saved(acme_operator)
    assert ">Refunds</a>" not in acme_viewer.get(ADDRESS).content.decode()
    assert acme_viewer.get(f"{ADDRESS}views/{view.pk}/").status_code == 404
    acme_operator.post(f"{ADDRESS}views/{view.pk}/", {**GIVEN, "shared": "on"})
    assert ">Refunds</a>" in acme_viewer.get(ADDRESS).content.decode()


def test_those_who_only_look_cannot_share(acme_viewer: Client) -> None:
    assert saved(acme_viewer, shared="on").shared is False


def test_a_list_opens_with_the_default_view_of_its_person(acme_operator: Client, acme_viewer: Client) -> None:
    saved(acme_operator, shared="on", default="on")
    assert acme_operator.get(ADDRESS)["Location"].endswith("?q=agent%3Arefund+status%3Alive&sort=-cost")
    assert acme_operator.get(ADDRESS, {"view": "all"}).status_code == 200
    assert acme_viewer.get(ADDRESS).status_code == 200


def test_somebody_elses_shared_view_can_be_opened_with_and_not_changed(
    acme_operator: Client, acme_viewer: Client
) -> None:
    view = saved(acme_operator, shared="on")
    address = f"{ADDRESS}views/{view.pk}/"
    acme_viewer.post(address, {"name": "Mine now", "q": "x", "default": "on"})
    view.refresh_from_db()
    assert (view.name, view.query) == ("Refunds", "agent:refund status:live")
    assert DefaultView.objects.get().user.username == "acme_viewer"
    assert acme_viewer.post(f"{address}delete/").status_code == 404


def test_a_view_is_renamed_given_another_filter_and_deleted(acme_operator: Client) -> None:
    view = saved(acme_operator)
    address = f"{ADDRESS}views/{view.pk}/"
    acme_operator.post(address, {"name": "Failures", "q": "status:failed"})
    view.refresh_from_db()
    assert (view.name, view.query, view.order) == ("Failures", "status:failed", "")
    assert acme_operator.post(f"{address}delete/")["Location"] == f"{ADDRESS}?view=all"
    assert not SavedView.objects.exists()
    acts = Action.objects.filter(verb__startswith="view.").order_by("pk").values_list("verb", flat=True)
    assert list(acts) == ["view.save", "view.change", "view.delete"]


def test_a_name_is_given_once_and_is_shown_as_text(acme_operator: Client) -> None:
    saved(acme_operator, name="<i>x</i>")
    again = acme_operator.post(NEW, {**GIVEN, "name": "<i>x</i>"})
    assert again.status_code == 422
    assert "You have a view" in again.content.decode()
    assert "<i>x</i>" not in acme_operator.get(ADDRESS).content.decode()


def test_views_of_a_tenant_are_not_found_through_another(
    signed_in: SignedIn, acme_operator: Client, globex: Tenant
) -> None:
    view = saved(acme_operator, shared="on")
    for path in (f"views/{view.pk}/", f"views/{view.pk}/delete/"):
        assert signed_in("admin").post(f"/t/{globex.slug}/runs/{path}", GIVEN).status_code == 404
        assert signed_in("globex_operator").post(f"{ADDRESS}{path}", GIVEN).status_code == 404
    assert signed_in("globex_operator").get(NEW).status_code == 404
