"""What an edit would have done to the runs on record, read from real rows."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agents import recorded_calls
from agents.contracts.events import Event
from agents.engine.batch import Batch, HoldRequest
from agents.journal.decide import Claim
from agents.models import EventRow, Run, StepRow
from agents.recorder import Entry
from agents.what_if import WhatIf, what_if
from budgets.ledger import AccountSet, open_accounts, top_up
from budgets.limits import limits_for
from budgets.models import Account, Hold, LedgerEntry, Tier, TierEdit
from budgets.pricing import PriceSnapshot, Rates, worst_case_nanos
from budgets.tier_edits import Change, find_tier
from budgets.tier_settings import SettingRefused
from tests.agents.batches import event, hold, outcome, put, settled
from tests.agents.conftest import USD, Office
from tests.tier_edit import limit

pytestmark = pytest.mark.usefixtures("no_redis", "sender")
CENT = USD // 100


def ask(office: Office, *, everywhere: bool = False, user: str = "", **changes: Any) -> WhatIf:
    """What an edit of the surface's tier (or the tenant's) would have done."""
    surface = None if everywhere else office.surface
    tier = find_tier(tenant=office.tenant, surface=surface, user=user)
    unset = changes.pop("unset", ())
    change = Change(changes=changes, unset=unset, reason="", actor="acme_admin", made_from="test")
    return what_if(tier=tier, change=change, at=datetime.now(UTC))


def spend(office: Office, *costs: int, amount: int = 20 * CENT, state: str = "completed", **fields: Any) -> Run:
    """A run with one call a cost, each holding `amount`, that has ended."""
    run = office.run(**fields)
    claim = Claim(run.id, run.epoch, accounts_of(office, run))
    for number, cost in enumerate(costs, start=1):
        asked = hold(f"{run.pk}:{number}", amount)
        asked = HoldRequest(asked.hold_id, number, asked.llm, amount, asked.price)
        assert put(claim, Batch(turn=number, hold=asked, intents=[event("model.started")])).refusal is None
        put(claim, Batch(turn=number, settlements=[settled(asked.hold_id, cost)]))
    ended = datetime.now(UTC) if state in ("completed", "failed") else None
    Run.objects.filter(pk=run.pk).update(state=state, ended_at=ended)
    run.refresh_from_db()
    return run


def accounts_of(office: Office, run: Run) -> AccountSet:
    """The run's accounts, with its user's day."""
    limits, at = limits_for(surface=office.surface, user=run.user), datetime.now(UTC)
    return open_accounts(
        tenant=office.tenant, surface=office.surface, limits=limits, run_id=run.pk, user=run.user, session="", at=at
    )


def stopped_by(found: WhatIf) -> list[str]:
    """The runs that would have been stopped."""
    return [each.run.pk for each in found.stopped]


def further_by(found: WhatIf) -> list[str]:
    """The runs that would have gone on."""
    return [run.pk for run in found.further]


def test_a_lower_cap_names_each_run_its_step_and_what_was_not_spent(office: Office) -> None:
    dear = spend(office, 10 * CENT, 15 * CENT, 12 * CENT)
    spend(office, 5 * CENT)
    found = ask(office, run_nanos=40 * CENT)
    (stopped,) = found.stopped
    assert (stopped.run.pk, stopped.why, stopped.step) == (dear.pk, "run", 3)
    assert (stopped.spent_nanos, stopped.unspent_nanos) == (25 * CENT, 12 * CENT)
    assert stopped.hold_id == f"{dear.pk}:3"
    assert (found.unspent_nanos, found.runs, found.calls, found.complete) == (12 * CENT, 2, 4, True)


def test_the_limits_that_hold_stop_nothing(office: Office) -> None:
    spend(office, 10 * CENT, 15 * CENT)
    assert ask(office, run_nanos=2 * USD).stopped == []
    assert ask(office, run_nanos=None).stopped == []


def test_asking_writes_nothing(office: Office) -> None:
    spend(office, 10 * CENT)
    before = Tier.objects.get().settings, TierEdit.objects.count(), LedgerEntry.objects.count()
    ask(office, run_nanos=CENT)
    ask(office, user="alice", run_nanos=CENT)
    assert (Tier.objects.get().settings, TierEdit.objects.count(), LedgerEntry.objects.count()) == before


def test_a_setting_that_cannot_be_is_refused(office: Office) -> None:
    with pytest.raises(SettingRefused):
        ask(office, run_nanos=-1)


def test_users_with_a_limit_of_their_own_are_not_touched_by_the_surfaces(office: Office) -> None:
    limit(office.surface, "alice", run_nanos=2 * USD)
    spend(office, 30 * CENT, user="alice", amount=40 * CENT)
    bobs = spend(office, 30 * CENT, user="bob", amount=40 * CENT)
    assert stopped_by(ask(office, run_nanos=35 * CENT)) == [bobs.pk]
    assert [each.run.user for each in ask(office, user="alice", run_nanos=35 * CENT).stopped] == ["alice"]


def test_a_call_that_would_have_fitted_with_a_smaller_answer_goes_on(office: Office) -> None:
    rates = Rates.flat(input=2 * USD, output=8 * USD)
    run = office.run()
    amount = worst_case_nanos(1_000, 4_096, rates)
    asked = HoldRequest("h1", 1, "rehearsal:search", amount, PriceSnapshot(rates, "list", "1"), 1_000, 4_096)
    claim = office.claim(run)
    put(claim, Batch(hold=asked, intents=[event("model.started")]))
    put(claim, Batch(settlements=[replace(settled("h1", CENT), price=asked.price)]))
    found = ask(office, run_nanos=2 * CENT)
    assert (found.stopped, found.shortened, found.unspent_nanos) == ([], 0, 0)
    assert ask(office, run_nanos=CENT - 1).shortened == 1
    assert len(ask(office, run_nanos=worst_case_nanos(1_000, 256, rates) - 1).stopped) == 1


def test_a_day_is_shared_and_what_is_not_replayed_was_spent_before(office: Office) -> None:
    older = spend(office, 15 * CENT)
    Run.objects.filter(pk=older.pk).update(created_at=datetime.now(UTC) - timedelta(days=8))
    first, second = spend(office, 15 * CENT), spend(office, 15 * CENT)
    assert ask(office, surface_day_nanos=50 * CENT).stopped == []
    assert stopped_by(ask(office, surface_day_nanos=49 * CENT)) == [second.pk]
    assert set(stopped_by(ask(office, surface_day_nanos=34 * CENT))) == {first.pk, second.pk}
    stopped = ask(office, everywhere=True, tenant_day_nanos=49 * CENT).stopped
    assert [(each.run.pk, each.why) for each in stopped] == [(second.pk, "tenant_day")]


def test_top_ups_that_were_made_stay_on_top(office: Office) -> None:
    run = spend(office, 15 * CENT, state="running")
    account = Account.objects.get(scope="run", subject=run.pk)
    top_up(account_id=account.pk, amount_nanos=USD, reason="more", actor="acme_approver")
    claim = office.claim(run)
    put(claim, Batch(hold=hold("late", 20 * CENT), intents=[event("model.started")]))
    assert ask(office, run_nanos=20 * CENT).stopped == []
    assert len(ask(office, run_nanos=19 * CENT).stopped) == 1


def test_a_higher_cap_names_the_runs_that_would_have_gone_on(office: Office) -> None:
    stopped = spend(office, 15 * CENT, state="running")
    refused = outcome(Entry(office.claim(stopped), batch=Batch(hold=hold("big", 2 * USD)))).refusal
    assert refused is not None
    Run.objects.filter(pk=stopped.pk).update(state="failed", ended_at=datetime.now(UTC), reason=refused.text)
    spend(office, 15 * CENT, state="failed")
    assert further_by(ask(office, run_nanos=2 * USD + 14 * CENT)) == []
    assert further_by(ask(office, run_nanos=2 * USD + 15 * CENT)) == [stopped.pk]
    assert further_by(ask(office, run_nanos=None)) == [stopped.pk]


def steps(run: Run, *at_seconds: int, claims: tuple[int, ...] = (0,)) -> None:
    """One step a turn, recorded so many seconds after the run was created; and when workers took it up."""
    for number, seconds in enumerate(at_seconds, start=1):
        StepRow.objects.create(
            run=run,
            number=number,
            turn=number,
            kind="note",
            schema_version=1,
            output={},
            recorded_at=run.created_at + timedelta(seconds=seconds),
        )
    for number, seconds in enumerate(claims, start=900):
        given = Event(kind="run.claimed", at=run.created_at + timedelta(seconds=seconds))
        EventRow.objects.create(run=run, seq=number, kind=given.kind, at=given.at)
    last = run.created_at + timedelta(seconds=at_seconds[-1])
    Run.objects.filter(pk=run.pk).update(started_at=run.created_at, ended_at=last)


def test_fewer_turns_stop_a_run_at_the_first_step_of_the_turn_too_many(office: Office) -> None:
    run = spend(office, 10 * CENT, 15 * CENT, 12 * CENT)
    steps(run, 1, 2, 3)
    (stopped,) = ask(office, max_turns=2).stopped
    assert (stopped.why, stopped.step, stopped.spent_nanos, stopped.unspent_nanos) == (
        "turns",
        3,
        25 * CENT,
        12 * CENT,
    )
    assert ask(office, max_turns=3).stopped == []


def test_less_time_stops_a_run_before_the_turn_that_would_begin_too_late(office: Office) -> None:
    run = spend(office, 10 * CENT, 15 * CENT, 12 * CENT)
    steps(run, 50, 110, 170)
    (stopped,) = ask(office, max_seconds=100).stopped
    assert (stopped.why, stopped.step, stopped.unspent_nanos) == ("seconds", 3, 12 * CENT)
    assert ask(office, max_seconds=120).stopped == []


def test_time_spent_waiting_does_not_count(office: Office) -> None:
    run = spend(office, 10 * CENT, 15 * CENT, 12 * CENT)
    steps(run, 50, 1_050, 1_110, claims=(0, 1_000))
    assert ask(office, max_seconds=120).stopped == []


def test_whichever_limit_comes_first_stops_the_run(office: Office) -> None:
    run = spend(office, 10 * CENT, 15 * CENT, 12 * CENT)
    steps(run, 1, 2, 3)
    (by_money,) = ask(office, max_turns=2, run_nanos=25 * CENT).stopped
    assert (by_money.why, by_money.step, by_money.unspent_nanos) == ("run", 2, 27 * CENT)
    (by_turns,) = ask(office, max_turns=1, run_nanos=40 * CENT).stopped
    assert (by_turns.why, by_turns.step, by_turns.unspent_nanos) == ("turns", 2, 27 * CENT)


def test_launches_that_would_have_been_refused_are_counted_whole(office: Office) -> None:
    runs = [spend(office, 10 * CENT) for _ in range(3)]
    start = datetime.now(UTC) - timedelta(hours=1)
    for number, run in enumerate(runs):
        at = start + timedelta(seconds=number)
        Run.objects.filter(pk=run.pk).update(created_at=at, ended_at=at + timedelta(seconds=10))
    for found in (ask(office, parallel_runs=1), ask(office, launches_per_minute=1)):
        assert set(stopped_by(found)) == {run.pk for run in runs[1:]}
        assert {(each.why, each.step, each.spent_nanos) for each in found.stopped} == {("launch", None, 0)}
        assert (found.not_launched, found.unspent_nanos) == (2, 20 * CENT)
    assert ask(office, parallel_runs=3, launches_per_minute=3).stopped == []


def test_runs_whose_llm_would_not_be_allowed_do_not_start(office: Office) -> None:
    run = spend(office, 10 * CENT)
    (stopped,) = ask(office, allowed_llms=["openai:*"]).stopped
    assert (stopped.run.pk, stopped.why, stopped.unspent_nanos) == (run.pk, "llm", 10 * CENT)
    assert ask(office, allowed_llms=["rehearsal:*"]).stopped == []


def test_a_surface_left_without_a_limit_for_runs_is_named(office: Office) -> None:
    assert ask(office, unset=["run_nanos"]).bare_surfaces == [office.surface]
    limit(office.tenant, run_nanos=USD)
    assert ask(office, unset=["run_nanos"]).bare_surfaces == []
    assert ask(office, everywhere=True, unset=["run_nanos"]).bare_surfaces == []


def test_what_is_read_is_bounded_and_says_so(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorded_calls, "MOST_CALLS", 2)
    monkeypatch.setattr(recorded_calls, "CHUNK", 1)
    for _ in range(4):
        spend(office, 10 * CENT)
    found = ask(office, run_nanos=CENT)
    assert (found.calls, len(found.stopped), found.complete) == (2, 2, False)


def test_other_tenants_and_old_runs_are_left_out(office: Office) -> None:
    run = spend(office, 10 * CENT)
    Run.objects.filter(pk=run.pk).update(created_at=datetime.now(UTC) - timedelta(days=8))
    assert ask(office, run_nanos=CENT).runs == 0
    assert Hold.objects.exists()
