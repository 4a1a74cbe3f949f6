"""The recorder: numbered on without a hole, fenced, each batch standing alone, money and rows together."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from django.db import OperationalError

from agents import recorder as recorder_module
from agents.contracts.endings import Ending
from agents.contracts.messages import ToolMessage
from agents.contracts.steps import ToolStep
from agents.engine.batch import ApprovalRequest, Batch, Receipt
from agents.engine.ports import LostLease
from agents.kills import kill
from agents.lifecycle import pause
from agents.models import Blob, Effect, EventRow, Run, StepRow
from agents.recorder import Entry, write_group
from budgets.ledger import balances, verify
from budgets.models import Hold
from tests.agents.batches import (
    effect,
    effect_end,
    end,
    event,
    hold,
    kinds,
    put,
    recorder,
    sequence,
    settled,
    step,
)
from tests.agents.conftest import USD, Office

pytestmark = pytest.mark.usefixtures("no_redis")


def test_events_of_many_runs_in_many_groups_are_numbered_without_a_hole(office: Office) -> None:
    runs = [office.run() for _ in range(5)]
    claims = [office.claim(run) for run in runs]
    for size in (1, 3, 0, 2):
        batch = [Batch(facts=[event()] * size, intents=[event("tool.started")]) for _ in runs]
        write_group([Entry(claim, batch=each) for claim, each in zip(claims, batch, strict=True)])
    for run in runs:
        run.refresh_from_db()
        assert sequence(run) == list(range(1, 11))
        assert run.next_seq == 11


def test_two_batches_of_one_run_in_one_group_follow_each_other(office: Office) -> None:
    run = office.run()
    claim = office.claim(run)
    write_group([Entry(claim, batch=Batch(facts=[event()], steps=[step(n)])) for n in (1, 2)])
    run.refresh_from_db()
    assert (sequence(run), run.steps_count) == ([1, 2], 2)


def test_steps_are_read_back_as_they_were(office: Office) -> None:
    run = office.run()
    put(office.claim(run), Batch(steps=[step(1), step(2)], facts=[event()]))
    assert [row.to_step() for row in StepRow.objects.filter(run=run).order_by("number")] == [step(1), step(2)]


@pytest.mark.django_db(transaction=True)
def test_a_batch_that_fails_harms_none_of_those_beside_it(office: Office) -> None:
    runs = [office.run() for _ in range(3)]
    claims = [office.claim(run) for run in runs]
    put(claims[1], Batch(facts=[event()], steps=[step(1)]))
    entries = [Entry(claim, batch=Batch(facts=[event()], steps=[step(1)])) for claim in claims]
    with recorder(*entries):
        assert [isinstance(entry.outcome, Receipt) for entry in entries] == [True, False, True]
    assert [sequence(run) for run in runs] == [[1], [1], [1]]
    assert StepRow.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_what_no_row_can_hold_fails_alone(office: Office) -> None:
    good, bad = office.run(), office.run()
    said = ToolMessage.model_construct(call_id="c1", name="look_up", status="ok", content=cast(str, object()))
    broken = Batch(steps=[step(1).model_copy(update={"output": ToolStep(result=said)})])
    entries = [
        Entry(office.claim(good), batch=Batch(facts=[event()])),
        Entry(office.claim(bad), batch=broken),
    ]
    with recorder(*entries):
        assert isinstance(entries[0].outcome, Receipt)
        assert isinstance(entries[1].outcome, Exception)
    assert (sequence(good), sequence(bad)) == ([1], [])


@pytest.mark.django_db(transaction=True)
def test_the_writer_outlives_whatever_goes_wrong(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    run = office.run()
    claim = office.claim(run)

    def fail(entries: object) -> None:
        raise KeyError(entries)

    with recorder() as writer:
        with monkeypatch.context() as patch:
            patch.setattr(recorder_module, "write_group", fail)
            with pytest.raises(KeyError):
                writer.submit(Entry(claim, batch=Batch(facts=[event()])))
        writer.submit(Entry(claim, batch=Batch(facts=[event()])))
    assert sequence(run) == [1]


@pytest.mark.django_db(transaction=True)
def test_what_comes_while_one_writes_is_written_together_by_the_next(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    claims = [office.claim(office.run()) for _ in range(5)]
    groups: list[int] = []
    writing, others_wait = threading.Event(), threading.Event()

    def slow_first(entries: Sequence[Entry]) -> recorder_module.Written:
        groups.append(len(entries))
        if len(groups) == 1:
            writing.set()
            assert others_wait.wait(60)
        return write_group(entries)

    monkeypatch.setattr(recorder_module, "write_group", slow_first)
    with recorder() as writer, ThreadPoolExecutor(5) as pool:
        entries = [Entry(claim, batch=Batch(facts=[event()])) for claim in claims]
        told = [pool.submit(writer.submit, entries[0])]
        assert writing.wait(60)
        told += [pool.submit(writer.submit, entry) for entry in entries[1:]]
        while len(writer._waiting) < 4:
            threading.Event().wait(0.001)
        others_wait.set()
        assert [each.result(60) for each in told] == [Receipt()] * 5
    assert groups == [1, 4]
    assert [list(claim_run.events.values_list("seq", flat=True)) for claim_run in Run.objects.all()] == [[1]] * 5


@pytest.mark.django_db(transaction=True)
def test_without_a_connection_all_that_wait_hear_of_it_and_the_next_one_is_written(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    claims = [office.claim(office.run()) for _ in range(2)]
    entries = [Entry(claim, batch=Batch(facts=[event()])) for claim in claims]

    def refuse() -> None:
        raise OperationalError("the database is away")

    with monkeypatch.context() as patch:
        patch.setattr(recorder_module, "plan_for_few_rows", refuse)
        patch.setattr(recorder_module, "PATIENCE_SECONDS", 0.0)
        with recorder(*entries) as writer:
            assert [str(entry.outcome) for entry in entries] == ["the database is away"] * 2
            assert not entries[1].gate.locked()
            patch.undo()
            assert writer.submit(Entry(claims[0], batch=Batch(facts=[event()]))) == Receipt()
    assert EventRow.objects.count() == 1


@pytest.mark.parametrize("epoch", [0, 2])
def test_whoever_does_not_hold_the_present_epoch_writes_nothing(office: Office, epoch: int) -> None:
    run = office.run(epoch=1)
    claim = office.claim(run, epoch=epoch)
    with pytest.raises(LostLease):
        put(claim, Batch(facts=[event()], steps=[step(1)], hold=hold("h1", 5), effects_started=[effect()]))
    with pytest.raises(LostLease):
        end(claim, Ending(state="completed"))
    run.refresh_from_db()
    assert (run.state, sequence(run)) == ("running", [])
    assert (StepRow.objects.count(), Hold.objects.count(), Effect.objects.count()) == (0, 0, 0)


def test_a_run_that_has_ended_takes_nothing_more(office: Office) -> None:
    run = office.run()
    claim = office.claim(run)
    end(claim, Ending(state="completed", answer="Tea."))
    with pytest.raises(LostLease):
        put(claim, Batch(facts=[event()]))
    with pytest.raises(LostLease):
        end(claim, Ending(state="failed"))
    assert kinds(run) == ["run.ended"]


def test_a_run_that_is_not_there_is_a_lost_lease(office: Office) -> None:
    run = office.run()
    claim = office.claim(run)
    run.delete()
    with pytest.raises(LostLease):
        put(claim, Batch(facts=[event()]))


def test_a_kill_between_two_commits_lets_facts_stand_and_intents_fall(office: Office) -> None:
    run = office.run()
    claim = office.claim(run)
    put(claim, Batch(facts=[event()]))
    assert kill(run=run, actor="acme_operator", reason="enough")
    receipt = put(claim, Batch(facts=[event()], intents=[event("tool.started")], effects_started=[effect()]))
    assert receipt.kill_requested_at is not None
    assert kinds(run) == ["note.added", "kill.requested", "note.added", "kill.acknowledged"]
    assert Effect.objects.count() == 0
    assert sequence(run) == [1, 2, 3, 4]


def test_a_pause_between_two_commits_does_so_too(office: Office) -> None:
    run = office.run()
    claim = office.claim(run)
    assert pause(run=run, actor="acme_operator")
    assert put(claim, Batch(facts=[event()], intents=[event("tool.started")])).paused
    assert "tool.started" not in kinds(run)


def test_a_kill_wins_over_completion(office: Office) -> None:
    run = office.run()
    claim = office.claim(run)
    kill(run=run, actor="acme_operator", reason="enough")
    end(claim, Ending(state="completed", answer="Tea."))
    run.refresh_from_db()
    assert (run.state, run.answer, run.lease_owner, run.lease_expires_at) == ("killed", "Tea.", "", None)
    assert run.ended_at is not None
    assert kinds(run) == ["kill.requested", "kill.acknowledged", "run.ended"]


def test_money_is_held_settled_and_copied_to_the_run(office: Office) -> None:
    run = office.run()
    claim = office.claim(run)
    assert put(claim, Batch(hold=hold("h1", 900), intents=[event()])).refusal is None
    put(claim, Batch(settlements=[settled("h1", 700)], facts=[event()]))
    run.refresh_from_db()
    assert (run.cost_nanos, run.input_tokens, run.output_tokens) == (700, 10, 2)
    assert {balance.spent_nanos for balance in balances(claim.accounts)} == {700}
    assert verify() is None


def test_a_hold_that_does_not_fit_is_refused_and_leaves_no_trace_but_its_event(office: Office) -> None:
    run = office.run()
    claim = office.claim(run)
    refusal = put(claim, Batch(hold=hold("h1", 3 * USD), intents=[event("model.started")])).refusal
    assert refusal is not None
    assert (refusal.scope, refusal.limit_nanos, refusal.asked_nanos) == ("run", 2 * USD, 3 * USD)
    assert kinds(run) == ["hold.refused"]
    assert Hold.objects.count() == 0
    assert verify() is None


def test_holds_of_one_group_share_what_is_left(office: Office) -> None:
    limits = office.limits
    office.limits = type(limits)(run_nanos=2 * USD, tenant_day_nanos=USD)
    claims = [office.claim(office.run()) for _ in range(4)]
    entries = [Entry(c, batch=Batch(hold=hold(f"h{n}", 4 * USD // 10))) for n, c in enumerate(claims)]
    told = [getattr(outcome, "refusal", None) for outcome in write_group(entries).outcomes]
    assert [refusal is None for refusal in told] == [True, True, False, False]
    assert Hold.objects.count() == 2
    assert verify() is None


def test_an_ending_releases_what_was_still_held(office: Office) -> None:
    run = office.run()
    claim = office.claim(run)
    put(claim, Batch(hold=hold("h1", 900), intents=[event()]))
    end(claim, Ending(state="failed", reason="no"))
    assert Hold.objects.get().state == "released"
    assert {balance.held_nanos for balance in balances(claim.accounts)} == {0}
    assert verify() is None


def test_an_effect_starts_ends_and_may_start_again_under_its_key(office: Office) -> None:
    run = office.run()
    claim = office.claim(run)
    put(claim, Batch(effects_started=[effect()], intents=[event()]))
    put(claim, Batch(effects_ended=[effect_end("failed")], facts=[event()]))
    assert Effect.objects.get().state == "failed"
    put(claim, Batch(effects_started=[effect()], intents=[event()]))
    started = Effect.objects.get()
    assert (started.state, started.ended_at, started.scope) == ("started", None, run.id)
    put(claim, Batch(effects_ended=[effect_end("succeeded")], facts=[event()]))
    done = Effect.objects.get()
    assert (done.state, done.result, done.implementation) == ("succeeded", {"value": "sent"}, "post")
    assert done.ended_at is not None


def test_an_effect_that_dedupes_across_runs_has_the_tenants_scope_and_a_term(office: Office) -> None:
    put(office.claim(office.run()), Batch(effects_started=[effect(dedupe_seconds=60)], intents=[event()]))
    row = Effect.objects.get()
    assert row.scope == f"tenant:{office.tenant.pk}"
    assert row.expires_at is not None
    assert (row.expires_at - row.started_at).total_seconds() == 60


def test_of_two_runs_that_start_the_same_effect_the_first_has_it_until_it_fails_or_expires(
    office: Office,
) -> None:
    one, two = (office.claim(office.run()) for _ in range(2))
    start = Batch(effects_started=[effect(dedupe_seconds=60)], intents=[event()])
    put(one, start)
    put(two, start)
    assert Effect.objects.get().run_id == one.run_id
    put(one, Batch(effects_ended=[effect_end("succeeded")], facts=[event()]))
    put(two, start)
    assert (Effect.objects.get().run_id, Effect.objects.get().state) == (one.run_id, "succeeded")
    put(one, start)
    put(one, Batch(effects_ended=[effect_end("failed")], facts=[event()]))
    put(two, start)
    assert Effect.objects.get().run_id == two.run_id
    Effect.objects.update(expires_at=datetime.now(UTC) - timedelta(seconds=1))
    put(one, start)
    assert Effect.objects.get().run_id == two.run_id, "what is under way does not expire"
    put(two, Batch(effects_ended=[effect_end("succeeded")], facts=[event()]))
    put(one, start)
    assert Effect.objects.get().run_id == one.run_id


@pytest.mark.django_db(transaction=True)
def test_two_that_start_the_same_effect_in_one_group_do_not_harm_each_other(office: Office) -> None:
    claims = [office.claim(office.run()) for _ in range(2)]
    entries = [
        Entry(claim, batch=Batch(effects_started=[effect(dedupe_seconds=60)], intents=[event()])) for claim in claims
    ]
    with recorder(*entries):
        assert [entry.outcome for entry in entries] == [Receipt(), Receipt()]
    assert Effect.objects.get().run_id == claims[0].run_id


def test_an_approval_is_asked_once_a_call(office: Office) -> None:
    run = office.run()
    claim = office.claim(run)
    asked = ApprovalRequest("c1", "pay", {"to": "ann\x00"}, "k" * 64, "pay\nto: ann\x00")
    for _ in range(2):
        put(claim, Batch(approvals=[asked], intents=[event("approval.requested")]))
    approval = run.approvals.get()
    assert (approval.outcome, approval.arguments) == ("open", {"to": "ann\\u0000"})


def test_a_decision_that_came_before_the_run_waited_is_not_slept_through(office: Office) -> None:
    run = office.run()
    claim = office.claim(run)
    put(
        claim,
        Batch(approvals=[ApprovalRequest("c1", "pay", {}, "k", "pay")], intents=[event("approval.requested")]),
    )
    run.approvals.update(decision="approved")
    end(claim, Ending(state="waiting_approval"))
    run.refresh_from_db()
    assert run.state == "queued"
    assert run.due_at is not None


def test_large_outputs_are_kept_once(office: Office) -> None:
    claims = [office.claim(office.run()) for _ in range(2)]
    write_group([Entry(claim, batch=Batch(facts=[event()], blobs=[b"tea" * 9, b"tea" * 9])) for claim in claims])
    assert [bytes(blob.content) for blob in Blob.objects.all()] == [b"tea" * 9]


def test_a_large_group_is_written_whole(office: Office) -> None:
    claims = [office.claim(office.run()) for _ in range(40)]
    entries = [
        Entry(claim, batch=Batch(facts=[event()], steps=[step(1)], hold=hold(f"h{n}", 5), intents=[event()]))
        for n, claim in enumerate(claims)
    ]
    write_group(entries)
    assert EventRow.objects.count() == 80
    assert Hold.objects.count() == 40
    assert Run.objects.filter(steps_count=1, next_seq=3).count() == 40
    assert verify() is None
