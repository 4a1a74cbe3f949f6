"""The side peek: a run beside the list."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from budgets.models import Tenant
from tests.console.conftest import AddEvents, MakeRun, SignedIn

HTMX = {"HX-Request": "true"}


def test_the_peek_says_where_the_run_stands_and_why(
    acme_operator: Client,
    acme: Tenant,
    make_run: MakeRun,
    add_events: AddEvents,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    run = make_run(acme, user="<b>mara", doing="calling refund")
    add_events(
        run,
        ("model.started", {"span": "a1", "llm": "x"}),
        ("model.ended", {"span": "a1", "status": "failed", "error": "overloaded", "ms": 5}),
    )
    with django_assert_max_num_queries(12):
        page = acme_operator.get(f"/t/acme/runs/{run.pk}/peek/", headers=HTMX).content.decode()
    assert "calling refund" in page
    assert "LLM call failed: overloaded" in page
    assert "&lt;b&gt;mara" in page
    assert 'data-key="K"' in page
    assert f'href="/t/acme/runs/{run.pk}/" data-key="o"' in page


def test_those_who_may_not_kill_peek_without_the_verb(acme_viewer: Client, acme: Tenant, make_run: MakeRun) -> None:
    run = make_run(acme)
    assert 'data-key="K"' not in acme_viewer.get(f"/t/acme/runs/{run.pk}/peek/", headers=HTMX).content.decode()


def test_without_the_list_around_it_a_peek_is_the_runs_page(
    acme_viewer: Client, acme: Tenant, make_run: MakeRun
) -> None:
    run = make_run(acme)
    assert acme_viewer.get(f"/t/acme/runs/{run.pk}/peek/")["Location"] == f"/t/acme/runs/{run.pk}/"


@pytest.mark.parametrize("tenant", ["acme", "globex"])
def test_a_run_is_peeked_at_only_within_its_tenant(
    tenant: str, signed_in: SignedIn, acme: Tenant, globex: Tenant, make_run: MakeRun
) -> None:
    other = make_run(globex if tenant == "acme" else acme)
    answer = signed_in("admin").get(f"/t/{tenant}/runs/{other.pk}/peek/", headers=HTMX)
    assert answer.status_code == 404
    assert signed_in("globex_operator").get(f"/t/acme/runs/{other.pk}/peek/", headers=HTMX).status_code == 404
