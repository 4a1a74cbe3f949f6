"""Money of acme's runs: spent and held through the ledger, as workers do it."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import transaction
from django.utils import timezone

from agents.models import EventRow, Run
from budgets.ledger import AccountSet, Books, open_accounts
from budgets.limits import limits_for
from budgets.models import Account, Hold, Tenant
from budgets.pricing import PriceSnapshot, Rates, Usage
from budgets.tiers import Scope
from tests.console.conftest import MakeRun

USD = 10**9
PRICE = PriceSnapshot(rates=Rates.flat(input=2 * USD, output=8 * USD), source="test list", version="1")
Spend = Callable[..., Run]


@pytest.fixture
def spend(acme: Tenant, make_run: MakeRun) -> Spend:
    """A run that has paid `spent` and holds `held` nano-USD for its next call, whose span is "h1"."""

    def pay(spent: int = 0, held: int = 0, *, at: datetime | None = None, **fields: object) -> Run:
        run = make_run(acme, **{"surface": "enterprise", "cost_nanos": spent, **fields})
        when = at or timezone.now()
        accounts = accounts_of(run, when)
        for hold_id, nanos in ((f"{run.pk}:1:1", spent), (f"{run.pk}:1:2", held)):
            if nanos:
                reserve(run, accounts, hold_id, nanos, when, settle=hold_id.endswith(":1:1"))
        return run

    return pay


def accounts_of(run: Run, at: datetime) -> AccountSet:
    """The accounts that a run's calls count against."""
    return open_accounts(
        tenant=run.tenant,
        surface=run.surface,
        limits=limits_for(surface=run.surface, user=run.user),
        run_id=run.pk,
        user=run.user,
        session=run.session,
        at=at,
    )


def reserve(run: Run, accounts: AccountSet, hold_id: str, nanos: int, at: datetime, *, settle: bool) -> None:
    """One call of a run: held, and paid in full unless it is still under way."""
    with transaction.atomic():
        books = Books.open(account_ids=accounts.ids, hold_ids=())
        refusal = books.reserve(
            hold_id=hold_id,
            accounts=accounts,
            amount_nanos=nanos,
            tenant_id=run.tenant_id,
            run_id=run.pk,
            step=1,
            llm=run.llm,
            price=PRICE,
            at=at,
            input_tokens=1_200,
            max_output_tokens=800,
        )
        assert refusal is None, refusal.text
        if settle:
            books.settle(hold_id=hold_id, cost_nanos=nanos, usage=Usage(1_000, 90), at=at)
        books.close()
    data = {"hold": hold_id, "llm": run.llm, "amount_nanos": nanos}
    span = "s1" if settle else "h1"
    EventRow.objects.create(run=run, seq=run.next_seq, kind="hold.placed", at=at, turn=1, span_id=span, data=data)
    run.next_seq += 1
    run.save(update_fields=["next_seq"])


def account_of(tenant: Tenant, scope: Scope, subject: str = "") -> Account:
    """The newest account of a kind."""
    return Account.objects.filter(tenant=tenant, scope=scope, subject=subject).latest("pk")


def open_hold(run: Run) -> Hold:
    """What a run holds for its call under way."""
    return Hold.objects.of_run(run.pk).open().get()
