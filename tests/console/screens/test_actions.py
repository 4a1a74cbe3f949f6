"""The page of what people did: complete, in order, within the tenant, and true about where each act came from."""

from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from agents.models import Run
from budgets.actions import note
from budgets.models import Action, Tenant
from budgets.money import parse_usd
from console.screens.actions.selectors import PAGE, Asked, Change, actions_of, changes_of

pytestmark = pytest.mark.usefixtures("acme", "agent", "rung")

ADDRESS = "/t/acme/actions/"
MOST_QUERIES = 7
MakeRun = Callable[..., Run]


def text(client: Client, query: str = "") -> str:
    answer = client.get(ADDRESS + query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_an_act_on_a_page_is_there_with_its_reason_and_the_page(
    acme: Tenant, acme_operator: Client, make_run: MakeRun
) -> None:
    run = make_run(acme)
    assert acme_operator.post(f"/t/acme/runs/{run.pk}/pause/").status_code == 302
    row = Action.objects.on_run(run.pk).get()
    assert (row.verb, row.actor, row.via, row.tenant) == ("run.pause", "acme_operator", "page runs:pause", acme)
    page = text(acme_operator)
    assert "run.pause" in page
    assert "page runs:pause" in page
    assert f"/t/acme/runs/{run.pk}/" in page


def test_another_tenants_acts_are_not_there_and_what_holds_for_all_is(
    acme: Tenant, globex: Tenant, acme_viewer: Client, globex_operator: Client
) -> None:
    note(actor="ada", verb="tier.edit", target="limits of globex", tenant=globex)
    note(actor="ada", verb="tier.edit", target="limits of acme", tenant=acme)
    note(actor="root", verb="price.set", target="price of openai:gpt-4o")
    page = text(acme_viewer)
    assert "limits of acme" in page
    assert "limits of globex" not in page
    assert "price of openai:gpt-4o" in page
    assert globex_operator.get(ADDRESS).status_code == 404


def test_filters_narrow_down_and_say_when_nothing_fits(acme: Tenant, acme_viewer: Client) -> None:
    note(actor="ada", verb="tier.edit", target="one", tenant=acme)
    note(actor="bo", verb="tier.undo", target="two", tenant=acme)
    note(actor="bo", verb="run.kill", target="three", tenant=acme, run_id="a" * 32)
    assert [done.action.target for done in actions_of(acme, Asked(actor="bo")).done] == ["three", "two"]
    of_tiers = [done.action.target for done in actions_of(acme, Asked(verb="tier")).done]
    assert of_tiers[:2] == ["two", "one"]
    assert "three" not in of_tiers
    assert [done.action.target for done in actions_of(acme, Asked(run="a" * 32)).done] == ["three"]
    assert "No act fits" in text(acme_viewer, "?actor=nobody")


def test_many_are_paged_without_a_gap(
    acme: Tenant, acme_viewer: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(PAGE + 3):
        note(actor="ada", verb="run.pause", target=f"run number {number}.", tenant=acme)
    first = actions_of(acme, Asked(actor="ada"))
    assert first.older is not None
    second = actions_of(acme, Asked(actor="ada", before=first.older))
    targets = [done.action.target for done in (*first.done, *second.done)]
    assert targets == [f"run number {number}." for number in reversed(range(PAGE + 3))]
    assert second.older is None
    with django_assert_max_num_queries(MOST_QUERIES):
        page = text(acme_viewer, "?actor=ada")
    assert f"before={first.older}" in page
    assert "Newest" in text(acme_viewer, f"?before={first.older}")


def test_what_a_person_wrote_is_text_and_nothing_more(acme: Tenant, acme_viewer: Client) -> None:
    hostile = "<script>alert(1)</script>"
    note(actor=hostile, verb="run.kill", target=hostile, tenant=acme, reason=hostile, after={hostile: hostile})
    assert hostile not in text(acme_viewer)


def test_a_number_that_is_none_asks_for_the_first_page(acme_viewer: Client) -> None:
    for before in ("x", "-1", "9" * 40, "\x00"):
        assert Asked.of({"before": before}).before is None
        assert "price.set" in text(acme_viewer, "?" + urlencode({"before": before}))


def test_changes_name_only_what_differs_and_money_is_in_dollars() -> None:
    before: dict[str, object] = {"run_nanos": parse_usd("0.10"), "at_cap": "stop", "max_turns": 5}
    after: dict[str, object] = {"run_nanos": parse_usd("2"), "at_cap": "stop", "max_turns": None}
    assert changes_of(before, after) == [Change("run", "$0.10", "$2.00"), Change("max turns", "5", None)]
    (long,) = changes_of({}, {"prompt": "x" * 5_000})
    assert len(long.after or "") < 100


def test_a_digest_is_shown_short_and_copied_whole(acme: Tenant, acme_viewer: Client) -> None:
    digest = "c5ac63" + "0f" * 29
    note(actor="ada", verb="approval.approve", target="a call", tenant=acme, after={"arguments_hash": digest})
    page = text(acme_viewer)
    assert f'data-copy="{digest}"' in page
    assert f"<span>{digest[-6:]}</span>" in page
    assert f">{digest}<" not in page
    assert [change.is_digest for change in changes_of({"a": "f" * 64}, {"a": "e" * 64})] == [True]
    assert [change.is_digest for change in changes_of({}, {"a": "deadbeef", "b": "f" * 31 + "g"})] == [False, False]
