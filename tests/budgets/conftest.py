"""A tenant with one surface, and a till that runs ledger operations in a transaction each."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from django.db import transaction

from budgets import clock
from budgets.ledger import AccountSet, Books, Settlement, open_accounts
from budgets.models import Surface, Tenant
from budgets.prices import forget_prices
from budgets.pricing import PriceSnapshot, Rates, Usage
from budgets.tiers import Limits, Refusal

USD = 10**9
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
PRICE = PriceSnapshot(rates=Rates.flat(input=2 * USD, output=8 * USD), source="test list", version="1")


@dataclass
class Till:
    """One run's view of the ledger: each operation is a group of its own, unless a test opens the books."""

    tenant: Tenant
    surface: Surface
    run_id: str = "run-1"

    def accounts(
        self,
        limits: Limits,
        *,
        user: str = "alice",
        session: str = "chat",
        run_id: str = "",
        at: datetime = AT,
    ) -> AccountSet:
        """The accounts of a run."""
        return open_accounts(
            tenant=self.tenant,
            surface=self.surface,
            limits=limits,
            run_id=run_id or self.run_id,
            user=user,
            session=session,
            at=at,
        )

    @contextmanager
    def books(self, accounts: AccountSet, *hold_ids: str) -> Iterator[Books]:
        """The books of a group of this run alone."""
        with self.group(accounts.ids, *hold_ids) as books:
            yield books

    @contextmanager
    def group(self, account_ids: Collection[int], *hold_ids: str) -> Iterator[Books]:
        """The books of one committed group."""
        with transaction.atomic():
            books = Books.open(account_ids=account_ids, hold_ids=hold_ids)
            yield books
            books.close()

    def put(
        self,
        books: Books,
        accounts: AccountSet,
        hold_id: str,
        nanos: int,
        *,
        run_id: str = "",
        at: datetime = AT,
    ) -> Refusal | None:
        """A reservation in open books."""
        return books.reserve(
            hold_id=hold_id,
            accounts=accounts,
            amount_nanos=nanos,
            tenant_id=self.tenant.pk,
            run_id=run_id or self.run_id,
            step=1,
            llm="rehearsal:search",
            price=PRICE,
            at=at,
        )

    def reserve(self, accounts: AccountSet, hold_id: str, nanos: int, *, at: datetime = AT) -> Refusal | None:
        """A reservation, committed."""
        with self.books(accounts) as books:
            return self.put(books, accounts, hold_id, nanos, at=at)

    def settle(self, accounts: AccountSet, hold_id: str, nanos: int, *, at: datetime = AT) -> Settlement:
        """A settlement, committed."""
        with self.books(accounts, hold_id) as books:
            return books.settle(hold_id=hold_id, cost_nanos=nanos, usage=Usage(100, 10), at=at)


@pytest.fixture
def till(db: None) -> Till:  # noqa: ARG001
    """Acme's free chat."""
    tenant = Tenant.objects.create(slug="acme", name="Acme", timezone="Europe/Berlin")
    return Till(tenant=tenant, surface=Surface.objects.create(tenant=tenant, slug="free-chat", name="Free chat"))


@pytest.fixture(autouse=True)
def _fresh_prices() -> None:
    forget_prices()


@pytest.fixture
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The product's clock stands where the till's does, whatever day the tests run on."""
    monkeypatch.setattr(clock, "now", lambda: AT)
