"""No page asks the database more than twelve questions: those that no test of their screen counts."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from budgets.models import Surface, Tenant
from tests.console.conftest import MakeRun, SignedIn
from tests.tier_edit import limit

MOST_QUERIES = 12
PAGES = (
    "budgets/proof/",
    "budgets/tiers/",
    "budgets/tiers/new/",
    "budgets/tiers/edit/?surface=free-chat",
    "budgets/tiers/history/?surface=free-chat",
    "budgets/tiers/time-zone/",
    "agents/",
    "agents/reader/",
    "agents/reader/edit/",
    "actions/",
    "prices/",
    "prices/new/",
    "prices/?llm=rehearsal:search",
    "secrets/",
    "secrets/set/",
    "approvals/rules/",
    "approvals/rules/new/",
    "tools/-/servers/",
    "stops/new/?kind=agent&agent=reader",
)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_asks_few_questions(
    path: str,
    signed_in: SignedIn,
    acme: Tenant,
    make_run: MakeRun,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(8):
        make_run(acme, state="completed", user=f"user-{number}", session=f"s{number}")
        limit(Surface.objects.get(tenant=acme, slug="free-chat"), surface_day_nanos=(number + 1) * 10**9)
    admin: Client = signed_in("admin")
    with django_assert_max_num_queries(MOST_QUERIES):
        answer: Any = admin.get(f"/t/acme/{path}")
    assert answer.status_code == 200
