"""What was seen without a price is counted once each time, and never gets in the way."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection, transaction
from django.utils.timezone import now

from budgets import unpriced
from budgets.models import Tenant, UnpricedLLM
from budgets.prices import set_price
from budgets.pricing import Rates
from budgets.unpriced import note_unpriced, seen_without_price

THREADS = 8
TIMES = 5

pytestmark = pytest.mark.django_db


def price(llm: str, *, days: int) -> None:
    """Sets a price that begins some days from now."""
    set_price(
        llm=llm,
        rates=Rates.flat(input=1, output=1),
        effective_from=now() + timedelta(days=days),
        created_by="admin",
    )


def test_each_attempt_is_counted_with_the_last_tenant() -> None:
    note_unpriced("own:llm", "acme")
    first = UnpricedLLM.objects.get()
    note_unpriced("own:llm", "globex")
    row = UnpricedLLM.objects.get()
    assert (row.llm, row.times, row.last_tenant) == ("own:llm", 2, "globex")
    assert row.first_seen_at == first.first_seen_at
    assert row.last_seen_at > first.last_seen_at
    assert now() - row.last_seen_at < timedelta(minutes=1)


@pytest.mark.parametrize("llm", ["own:\x00", "own:\ud800", "own:\n", "own:" + "x" * 200])
def test_a_name_that_nobody_could_price_is_not_noted(llm: str) -> None:
    note_unpriced(llm, "acme")
    assert not UnpricedLLM.objects.exists()


def test_a_note_that_fails_leaves_its_callers_transaction_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpriced, "_NOTE", "INSERT INTO no_such_table VALUES (%s, %s, %s, %s)")
    with transaction.atomic():
        Tenant.objects.create(slug="acme", name="Acme")
        note_unpriced("own:llm", "acme")
        Tenant.objects.create(slug="globex", name="Globex")
    assert Tenant.objects.count() == 2


def test_a_note_inside_a_transaction_that_has_failed_already_raises_nothing() -> None:
    with transaction.atomic():
        transaction.set_rollback(True)
        note_unpriced("own:llm", "acme")
    assert not UnpricedLLM.objects.exists()


def test_the_list_has_the_latest_first_and_forgets_after_a_month() -> None:
    for llm in ("own:a", "own:b", "own:c"):
        note_unpriced(llm, "acme")
    UnpricedLLM.objects.filter(llm="own:b").update(last_seen_at=now() - timedelta(days=31))
    assert [row.llm for row in seen_without_price(now())] == ["own:c", "own:a"]


def test_a_price_that_holds_takes_its_llm_off_the_list() -> None:
    note_unpriced("own:a", "acme")
    note_unpriced("own:b", "acme")
    price("own:a", days=0)
    price("own:b", days=1)
    assert [row.llm for row in seen_without_price(now())] == ["own:b"]


@pytest.mark.usefixtures("transactional_db")
def test_all_who_note_the_same_llm_at_once_are_counted() -> None:
    barrier = Barrier(THREADS)

    def note(_number: int) -> None:
        try:
            barrier.wait(timeout=60)
            for _ in range(TIMES):
                note_unpriced("own:llm", "acme")
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(note, range(THREADS)))
    assert UnpricedLLM.objects.get().times == THREADS * TIMES
