"""Edits against edits, launches and midnight: whoever is first, no account keeps an old limit."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import transaction

from budgets.ledger import open_accounts, verify
from budgets.limits import hold_tiers_still, limits_for
from budgets.models import Account, Tier, TierEdit
from budgets.tier_edits import Change, TierChanged, edit_tier, undo_edit, version_of
from budgets.tier_settings import limits_of
from tests.agents.at_once import at_once
from tests.budgets.conftest import USD, Till
from tests.tier_edit import limit

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 6


@pytest.fixture
def till(transactional_db: None, till: Till) -> Till:  # noqa: ARG001
    """The same till, with real commits."""
    return till


def edit(till: Till, *, seen: str = "", **changes: Any) -> TierEdit | None:
    """An edit of the surface's tier."""
    change = Change(changes=changes, reason="race", actor="acme_admin", made_from="test", seen=seen)
    return edit_tier(tenant=till.tenant, surface=till.surface, user="", change=change)


def begin(till: Till, run_id: str, at: datetime) -> int:
    """Open a run's accounts as a worker does; the id of its surface's day."""
    with transaction.atomic():
        hold_tiers_still(till.tenant.pk)
        return open_accounts(
            tenant=till.tenant,
            surface=till.surface,
            limits=limits_for(surface=till.surface, user=""),
            run_id=run_id,
            user="",
            session=run_id,
            at=at,
        ).surface_day


def astray(till: Till) -> list[str]:
    """Open accounts whose limit is not what their tiers say; runs aside, which follow only while they live."""
    tiers = list(Tier.objects.for_tenant(till.tenant))
    limits = limits_of(tiers)
    found = Account.objects.for_tenant(till.tenant).exclude(scope="run")
    return [str(account) for account in found if account.limit_nanos != limits.of(account.known_scope)]


def test_of_two_edits_at_once_both_count_and_the_settings_are_their_sum(till: Till) -> None:
    limit(till.surface, run_nanos=USD)
    for number in range(1, ROUNDS):
        at_once(
            partial(edit, till, surface_day_nanos=number * USD),
            partial(edit, till, session_nanos=number * USD),
        )
        tier = Tier.objects.get()
        assert tier.settings == {"run_nanos": USD, "surface_day_nanos": number * USD, "session_nanos": number * USD}


def test_of_many_who_saw_the_same_tier_one_may_edit_it(till: Till) -> None:
    limit(till.surface, run_nanos=USD)
    seen = version_of(Tier.objects.get())

    def try_it(number: int) -> bool:
        try:
            return edit(till, seen=seen, run_nanos=number * USD) is not None
        except TierChanged:
            return False

    assert sum(at_once(*(partial(try_it, number) for number in range(2, 8)))) == 1
    assert TierEdit.objects.count() == 2


def test_a_new_tier_is_made_once_by_many(till: Till) -> None:
    at_once(*(partial(edit, till, run_nanos=number * USD) for number in range(1, 7)))
    assert Tier.objects.count() == 1
    last = TierEdit.objects.order_by("pk").last()
    assert last is not None
    assert Tier.objects.get().settings == last.changes


def test_an_edit_undone_by_many_lapses_once(till: Till) -> None:
    limit(till.surface, run_nanos=USD)
    second = edit(till, run_nanos=2 * USD)
    assert second is not None
    undone = at_once(*(lambda: undo_edit(edit=second, actor="someone") for _ in range(6)))
    assert sum(undone) == 1
    assert Tier.objects.get().settings == {"run_nanos": USD}


def test_accounts_opened_while_a_tier_is_edited_have_its_last_limit(till: Till) -> None:
    limit(till.surface, run_nanos=USD, surface_day_nanos=USD, session_nanos=USD)
    now = datetime.now(UTC)
    for number in range(2, ROUNDS):
        work: list[Callable[[], object]] = [partial(begin, till, f"r{number}-{each}", now) for each in range(4)]
        work.append(partial(edit, till, surface_day_nanos=number * USD, session_nanos=number * USD))
        at_once(*work)
        assert astray(till) == []
    assert verify() is None


def test_a_day_that_begins_while_a_tier_is_edited_has_its_last_limit(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(till.surface, run_nanos=USD, surface_day_nanos=USD)
    midnight = datetime(2031, 3, 1, 23, tzinfo=UTC)  # in Berlin
    begin(till, "before", midnight - timedelta(hours=1))
    monkeypatch.setattr("budgets.clock.now", lambda: midnight - timedelta(milliseconds=1))
    for number in range(2, ROUNDS):
        work: list[Callable[[], object]] = [
            partial(begin, till, f"yesterday-{number}", midnight - timedelta(microseconds=1)),
            partial(begin, till, f"today-{number}", midnight + timedelta(days=number)),
            partial(edit, till, surface_day_nanos=number * USD),
        ]
        at_once(*work)
        assert astray(till) == []
