"""Every act of an operator is a row, written with the act or not at all."""

from datetime import UTC, datetime

import pytest
from django.db import transaction

from budgets.acting import acting_from, present_place
from budgets.actions import note
from budgets.models import Action, Tenant, TierEdit
from budgets.models.append_only import AppendOnlyError
from budgets.prices import set_price
from budgets.pricing import Rates
from budgets.tenants import make_surface, make_tenant, rename_tenant
from budgets.tier_edits import undo_edit
from budgets.time_zone import set_time_zone
from tests.tier_edit import limit

pytestmark = pytest.mark.django_db
USD = 10**9


def last() -> Action:
    found = Action.objects.order_by("-pk").first()
    assert found is not None
    return found


def test_a_row_says_who_what_why_and_from_where() -> None:
    with acting_from("command kill"):
        note(actor="ada", verb="run.kill", target="run 1", run_id="1", reason="loops", before={"state": "running"})
    row = last()
    assert (row.actor, row.verb, row.target, row.run_id) == ("ada", "run.kill", "run 1", "1")
    assert (row.reason, row.before, row.after, row.via) == ("loops", {"state": "running"}, {}, "command kill")
    assert abs((row.at - datetime.now(UTC)).total_seconds()) < 60
    assert present_place() == ""


def test_no_row_is_left_of_an_act_that_was_taken_back() -> None:
    def fails() -> None:
        with transaction.atomic():
            note(actor="ada", verb="run.kill", target="run 1")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    assert not Action.objects.exists()


def test_rows_are_never_edited_or_deleted() -> None:
    row = note(actor="ada", verb="run.kill", target="run 1")
    for change in (row.save, row.delete, Action.objects.all().delete):
        with pytest.raises(AppendOnlyError):
            change()
    with pytest.raises(AppendOnlyError):
        Action.objects.update(actor="eve")
    assert last().actor == "ada"


def test_tenants_surfaces_zones_and_prices_leave_rows() -> None:
    tenant = make_tenant(slug="initech", name="Initech", timezone="UTC", actor="ada")
    make_surface(tenant=tenant, slug="web", name="Web", actor="ada")
    rename_tenant(tenant=tenant, name="Initech Inc.", actor="ada")
    set_time_zone(tenant=tenant, name="Europe/Berlin", actor="bo")
    set_price(
        llm="x:y", rates=Rates.flat(input=1, output=2), effective_from=datetime.now(UTC), created_by="bo", note="new"
    )
    rows = list(Action.objects.order_by("pk").values_list("verb", "actor", "before", "after"))
    assert [(verb, actor) for verb, actor, _, _ in rows] == [
        ("tenant.make", "ada"),
        ("surface.make", "ada"),
        ("tenant.rename", "ada"),
        ("tenant.time_zone", "bo"),
        ("price.set", "bo"),
    ]
    assert rows[2][2:] == ({"name": "Initech"}, {"name": "Initech Inc."})
    assert rows[3][2:] == ({"timezone": "UTC"}, {"timezone": "Europe/Berlin"})
    assert (last().tenant, last().reason) == (None, "new")


def test_an_edit_of_limits_and_its_undo_say_what_stood_before() -> None:
    tenant = Tenant.objects.create(slug="initech", name="Initech")
    limit(tenant, tenant_day_nanos=5 * USD)
    limit(tenant, tenant_day_nanos=7 * USD)
    row = last()
    assert (row.verb, row.tenant) == ("tier.edit", tenant)
    assert (row.before, row.after) == ({"tenant_day_nanos": 5 * USD}, {"tenant_day_nanos": 7 * USD})
    assert undo_edit(edit=TierEdit.objects.latest("pk"), actor="bo")
    row = last()
    assert (row.verb, row.actor) == ("tier.undo", "bo")
    assert (row.before, row.after) == ({"tenant_day_nanos": 7 * USD}, {"tenant_day_nanos": 5 * USD})
