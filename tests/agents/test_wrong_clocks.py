"""Processes whose clocks are an hour apart agree on who holds a run, which day it is and what has expired."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from agents import lease, recovery
from agents.admission import LaunchRefused
from agents.approvals.deciding import decide
from agents.contracts.endings import Ending
from agents.edge import KillSwitch
from agents.engine.batch import ApprovalRequest, Batch
from agents.execution import Execution
from agents.funding import edit_tier
from agents.lifecycle import launch
from agents.models import Approval, Run
from agents.run_ports.memory import RunMemory
from agents.runtime import Runtime
from budgets import clock
from budgets.models import Account, Hold
from budgets.periods import day_window, zone
from budgets.tier_edits import Change
from tests.agents import wrong_clock
from tests.agents.batches import effect, effect_end, end, event, hold, put
from tests.agents.conftest import Office, Sender
from tests.agents.workers import worker
from tests.tier_edit import limit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_redis", "sender", "_wrong_clock")]
HOUR = timedelta(hours=1)
# Where it is this hour now, a clock that is ahead shows tomorrow, and one that is behind yesterday.
LAST_HOUR, FIRST_HOUR = 23, 0
OFF = pytest.mark.parametrize(
    ("ahead", "local_hour"), [(HOUR, LAST_HOUR), (-HOUR, FIRST_HOUR)], ids=["ahead", "behind"]
)


@pytest.fixture
def _wrong_clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    wrong_clock.install(monkeypatch)
    yield
    wrong_clock.set_ahead(timedelta())


@pytest.fixture
def at() -> Iterator[Runtime]:
    with worker("one") as at:
        yield at


def started(office: Office) -> Run:
    """A run before the workers."""
    return launch(tenant=office.tenant, surface=office.surface, agent=office.agent, task="Tea.", actor="acme_operator")


def live_where_it_is(office: Office, local_hour: int) -> None:
    """Move the tenant to where this hour of the day is now."""
    hours_east = (local_hour - clock.now().hour + 11) % 24 - 11
    office.tenant.timezone = f"Etc/GMT{-hours_east:+d}"  # their signs are the other way round
    office.tenant.save()
    assert clock.now().astimezone(zone(office.tenant.timezone)).hour == local_hour


def today(office: Office) -> str:
    """The present day there."""
    return day_window(clock.now(), zone(office.tenant.timezone)).key


def day_of(hold_id: str) -> Account:
    """The tenant's day on which a hold counts."""
    account = Hold.objects.select_related("tenant_day_account").get(pk=hold_id).tenant_day_account
    assert account is not None
    return account


@pytest.mark.parametrize("ahead", [HOUR, -HOUR])
def test_a_lease_is_not_taken_by_a_clock(office: Office, ahead: timedelta) -> None:
    run = office.run("queued", epoch=0)
    assert lease.claim(run_id=run.id, owner="right") is not None
    wrong_clock.set_ahead(ahead)
    assert lease.claim(run_id=run.id, owner="wrong") is None
    assert recovery.sweep() == 0
    assert [held.epoch for held in lease.renew(owner="right", run_ids=[run.id])] == [1]
    expires_at = Run.objects.get(pk=run.id).lease_expires_at
    assert expires_at is not None
    assert timedelta(0) < expires_at - clock.now() <= lease.LEASE + timedelta(seconds=1)
    Run.objects.update(lease_expires_at=clock.now() - timedelta(seconds=1))
    taken = lease.claim(run_id=run.id, owner="wrong")
    assert taken is not None
    assert taken.epoch == 2


@OFF
def test_a_call_near_midnight_counts_for_the_day_of_the_database(
    office: Office, at: Runtime, ahead: timedelta, local_hour: int
) -> None:
    live_where_it_is(office, local_hour)
    wrong_clock.set_ahead(ahead)
    days = {today(office)}
    run = lease.claim(run_id=started(office).id, owner="one")
    assert run is not None
    work = Execution(at, run, KillSwitch())
    work.journal.commit(Batch(hold=hold("h1", 5), intents=[event()]))
    days.add(today(office))
    assert day_of("h1").window in days
    assert Account.objects.of_scope("tenant_day").count() == 1
    assert abs(Hold.objects.get().opened_at - clock.now()) < timedelta(minutes=1)


@OFF
def test_a_day_that_ends_ends_for_everybody_at_once(
    office: Office, at: Runtime, ahead: timedelta, local_hour: int
) -> None:
    live_where_it_is(office, local_hour)
    run = lease.claim(run_id=started(office).id, owner="one")
    assert run is not None
    work = Execution(at, run, KillSwitch())
    Account.objects.exclude(window="").update(window="yesterday", window_end_at=clock.now() - timedelta(seconds=1))
    over = replace(work.journal._claim.accounts, valid_until=clock.now() - timedelta(seconds=1))
    work.journal._claim = replace(work.journal._claim, accounts=over)
    wrong_clock.set_ahead(ahead)
    work.journal.commit(Batch(hold=hold("h1", 5), intents=[event()]))
    assert day_of("h1").window != "yesterday"
    assert day_of("h1").window_end_at == work.journal._claim.accounts.valid_until


@OFF
def test_an_edit_reaches_the_accounts_of_today(office: Office, ahead: timedelta, local_hour: int) -> None:
    live_where_it_is(office, local_hour)
    started(office)
    wrong_clock.set_ahead(ahead)
    change = Change(changes={"tenant_day_nanos": 70}, reason="less", actor="acme_admin", made_from="test")
    edit_tier(tenant=office.tenant, surface=None, user="", change=change)
    assert Account.objects.of_scope("tenant_day").get().limit_nanos == 70


@pytest.mark.parametrize("ahead", [HOUR, -HOUR])
def test_launches_are_counted_by_one_clock(office: Office, ahead: timedelta) -> None:
    limit(office.surface, launches_per_minute=2)
    wrong_clock.set_ahead(ahead)
    started(office)
    wrong_clock.set_ahead(-ahead)
    started(office)
    for hours in (timedelta(), ahead, -ahead):
        wrong_clock.set_ahead(hours)
        with pytest.raises(LaunchRefused, match=r"again in ([1-9]|[1-5]\d|60) s"):
            started(office)


def test_what_was_sent_is_not_forgotten_early(office: Office) -> None:
    first, second = office.run(), office.run()
    put(office.claim(first), Batch(effects_started=[effect(dedupe_seconds=60)], intents=[event()]))
    put(office.claim(first), Batch(effects_ended=[effect_end("succeeded")], facts=[event()]))
    wrong_clock.set_ahead(HOUR)
    known = RunMemory(second).effect("k" * 64, dedupe_seconds=60)
    assert known is not None
    assert known.state == "succeeded"
    put(office.claim(second), Batch(effects_started=[effect(dedupe_seconds=60)], intents=[event()]))
    known = RunMemory(second).effect("k" * 64, dedupe_seconds=60)
    assert known is not None
    assert known.run_id == first.id


def test_a_run_that_queues_itself_is_due_now(office: Office, sender: Sender) -> None:
    run = office.run()
    wrong_clock.set_ahead(HOUR)
    claim = office.claim(run)
    asked = ApprovalRequest("c1", "pay", {}, "hash", "")
    put(claim, Batch(approvals=[asked], intents=[event()]))
    approval = Approval.objects.get()
    assert timedelta(hours=23) < approval.expires_at - clock.now() <= timedelta(hours=24)
    assert decide(approval=approval, actor="acme_approver", approve=True)
    end(claim, Ending(state="waiting_approval"))
    sender.sent.clear()
    recovery.sweep()
    assert sender.sent == [run.id]
