"""What the tables themselves refuse, and that every filter stays inside its tenant."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction

from budgets.models import Account, Hold, LedgerEntry, Surface, Tenant, Tier
from budgets.models.append_only import AppendOnlyError
from budgets.tiers import Limits
from tests.budgets.conftest import AT, USD, Till
from tests.tier_edit import limit


def refused(model: type[models.Model], **values: Any) -> None:
    """The database itself must refuse this row."""
    with pytest.raises(IntegrityError), transaction.atomic():
        model._default_manager.create(**values)


def test_a_balance_is_never_negative(till: Till) -> None:
    for column in ("spent_nanos", "held_nanos", "limit_nanos", "topped_up_nanos"):
        refused(Account, tenant=till.tenant, scope="run", subject=column, **{column: -1})


def test_an_account_is_one_of_its_kind(till: Till) -> None:
    Account.objects.create(tenant=till.tenant, scope="run", subject="run-1")
    refused(Account, tenant=till.tenant, scope="run", subject="run-1")
    refused(Account, tenant=till.tenant, scope="galaxy", subject="run-1")


def test_a_hold_is_open_or_closed_but_not_half(till: Till) -> None:
    made: dict[str, Any] = {
        "tenant": till.tenant,
        "run_id": "r",
        "step": 1,
        "llm": "x",
        "amount_nanos": 1,
        "opened_at": AT,
    }
    refused(Hold, id="a", state="settled", **made)
    refused(Hold, id="b", state="open", closed_at=AT, **made)
    refused(Hold, id="c", state="released", closed_at=AT, settled_nanos=1, **made)
    refused(Hold, id="d", **{**made, "amount_nanos": -1})


def test_an_entry_belongs_to_a_hold_or_tops_up_an_account(till: Till) -> None:
    account = Account.objects.create(tenant=till.tenant, scope="run", subject="run-1")
    refused(LedgerEntry, kind="settle", at=AT)
    refused(LedgerEntry, kind="top_up", account=account, limit_delta_nanos=0, at=AT)
    refused(LedgerEntry, kind="gift", account=account, limit_delta_nanos=1, at=AT)


def test_entries_are_never_edited_or_deleted(till: Till) -> None:
    till.reserve(till.accounts(Limits()), "run-1:1", 100)
    entry = LedgerEntry.objects.get()
    for change in (entry.save, entry.delete, LedgerEntry.objects.all().delete):
        with pytest.raises(AppendOnlyError):
            change()


def test_a_time_zone_must_exist() -> None:
    with pytest.raises(ValidationError, match="Europe/Berlin"):
        Tenant(slug="acme", name="Acme", timezone="Mars/Base").clean_fields()


def test_filters_show_one_tenants_rows_only(till: Till) -> None:
    globex = Tenant.objects.create(slug="globex", name="Globex")
    other = Till(globex, Surface.objects.create(tenant=globex, slug="free-chat", name="Free chat"), "run-2")
    for each in (till, other):
        limit(each.surface, run_nanos=USD)
        each.reserve(each.accounts(Limits()), f"{each.run_id}:1", 1)
    for model in (Surface, Tier, Account, Hold):
        mine = model.objects.for_tenant(till.tenant)
        theirs = model.objects.for_tenant(globex)
        assert 0 < mine.count() == theirs.count()
        assert not set(mine.values_list("pk", flat=True)) & set(theirs.values_list("pk", flat=True))
