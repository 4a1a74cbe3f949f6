"""Queries that are written once and asked with other values each time."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import CharField, DateTimeField
from pytest_django import DjangoAssertNumQueries

from budgets.models import Action, Tenant
from console.screens.prepared import TENANT, Given, prepared

AT = datetime(2026, 11, 22, 10, 22, 14, 117_000, tzinfo=UTC)
MARA = Action.objects.filter(actor="mara")


@pytest.fixture
def acts(acme: Tenant, globex: Tenant) -> None:
    """One of each tenant, a minute apart."""
    for number, tenant in enumerate((acme, globex)):
        at = AT + timedelta(minutes=number)
        Action.objects.create(tenant=tenant, actor="mara", verb=f"in {tenant.slug}", after={"number": number}, at=at)


@pytest.mark.usefixtures("acts")
def test_each_question_has_the_answer_to_what_it_gives(
    acme: Tenant, globex: Tenant, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    acts = prepared(MARA.filter(tenant=TENANT).values_list("verb", "at", "after"))
    with django_assert_num_queries(3):
        found = [acts.ask(tenant=key) for key in (acme.pk, globex.pk, 0)]
    assert found == [
        [("in acme", AT, {"number": 0})],
        [("in globex", AT + timedelta(minutes=1), {"number": 1})],
        [],
    ]


@pytest.mark.usefixtures("acts")
@pytest.mark.parametrize(("seconds", "count"), [(-1, 2), (0, 2), (1, 1), (60, 1), (61, 0)])
def test_instants_are_given_as_the_database_takes_them(seconds: int, count: int) -> None:
    since = Given("since", DateTimeField())
    acts = prepared(MARA.filter(at__gte=since).order_by("at").values_list("verb", "at"))
    assert len(acts.ask(since=AT + timedelta(seconds=seconds))) == count


@pytest.mark.usefixtures("acts")
def test_what_is_given_is_a_value_whatever_is_in_it() -> None:
    acts = prepared(MARA.filter(verb=Given("verb", CharField())).values_list("verb"))
    assert acts.ask(verb="in acme") == [("in acme",)]
    assert acts.ask(verb="' OR 1=1 --") == acts.ask(verb="%s") == []


def test_what_a_question_needs_must_be_given(acme: Tenant) -> None:
    tenants = prepared(Tenant.objects.filter(pk=TENANT).values_list("slug"))
    assert tenants.ask(tenant=acme.pk) == [("acme",)]
    with pytest.raises(KeyError, match="tenant"):
        tenants.ask()
