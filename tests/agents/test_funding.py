"""What people do to budgets reaches runs: a top-up, an edit, an undo, and the passing of time."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.utils import timezone

from agents import funding, runtime
from agents.engine.batch import Batch
from agents.engine.ports import LostLease
from agents.kills import kill
from agents.lifecycle import launch, resume
from agents.models import Run, StepRow
from budgets.ledger import LedgerError, verify
from budgets.models import Account, LedgerEntry, Tier, TierEdit
from budgets.prices import set_price
from budgets.pricing import Rates
from budgets.tier_edits import Change
from budgets.tier_settings import SettingRefused
from tests.agents.at_once import at_once
from tests.agents.batches import event, hold, kinds, put, settled
from tests.agents.conftest import LLM, USD, Office, Sender
from tests.agents.engine.doubles import asks, call, says
from tests.agents.test_execution import at, llm  # noqa: F401 - fixtures: a worker and its LLM
from tests.agents.workers import SENT, WrittenLLM, take_up
from tests.tier_edit import limit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_redis", "sender")]


def edit(office: Office, *, hours: float = 0, unset: tuple[str, ...] = (), **changes: Any) -> TierEdit:
    """An edit of the surface's tier by the verb that people use."""
    expires_at = timezone.now() + timedelta(hours=hours) if hours else None
    change = Change(
        changes=changes, unset=unset, reason="busy day", actor="acme_admin", made_from="test", expires_at=expires_at
    )
    made = funding.edit_tier(tenant=office.tenant, surface=office.surface, user="", change=change)
    assert made is not None
    return made


def top_up(account: Account, nanos: int = USD, *, minutes: int = 0) -> LedgerEntry:
    """More money by the verb that people use."""
    expires_at = timezone.now() + timedelta(minutes=minutes) if minutes else None
    return funding.top_up(
        account=account, amount_nanos=nanos, reason="it matters", actor="acme_approver", expires_at=expires_at
    )


def run_account(run: Run) -> Account:
    return Account.objects.get(scope="run", subject=run.pk)


def stopped_by(office: Office, scope: str = "run", **fields: Any) -> tuple[Run, Account]:
    """A run that an account has no room for, as the recorder leaves it."""
    run = office.run("paused_budget", cap_nanos=2 * USD, **fields)
    office.claim(run)
    subject = {"run": run.pk, "surface_day": str(office.surface.pk)}[scope]
    account = Account.objects.get(scope=scope, subject=subject)
    run.capped_account_id, run.capped_limit_nanos = account.pk, account.limit_nanos
    run.save()
    return run, account


def state_of(run: Run) -> str:
    return Run.objects.get(pk=run.pk).state


# Top-ups -------------------------------------------------------------------------------------------------------


def test_a_top_up_lets_the_run_that_waits_for_it_go_on(office: Office, sender: Sender) -> None:
    run, account = stopped_by(office)
    entry = top_up(account)
    run.refresh_from_db()
    assert (run.state, run.cap_nanos, run.capped_account_id, run.reason) == ("queued", 3 * USD, None, "")
    assert (entry.limit_delta_nanos, entry.actor, entry.reason) == (USD, "acme_approver", "it matters")
    assert kinds(run) == ["run.resumed"]
    assert run.events.get().data == {"by": "acme_approver", "why": "topped up by $1.00: it matters"}
    assert sender.sent == [run.pk]
    assert verify() is None


def test_a_top_up_of_another_account_leaves_it_waiting(office: Office) -> None:
    run, _ = stopped_by(office)
    _, other = stopped_by(office)
    top_up(other)
    assert state_of(run) == "paused_budget"


def test_only_runs_that_wait_for_money_are_woken(office: Office) -> None:
    _, account = stopped_by(office)
    others = [
        office.run(state, capped_account_id=account.pk, capped_limit_nanos=0)
        for state in ("paused", "waiting_approval", "waiting_resolution", "completed")
    ]
    killed, _ = stopped_by(office, kill_requested_at=timezone.now())
    top_up(account)
    assert [state_of(run) for run in others] == ["paused", "waiting_approval", "waiting_resolution", "completed"]
    assert state_of(killed) == "paused_budget"


def test_a_top_up_of_a_run_that_has_ended_is_refused(office: Office) -> None:
    run, account = stopped_by(office)
    kill(run=run, actor="acme_operator", reason="no use")
    with pytest.raises(LedgerError, match="has ended"):
        top_up(account)
    assert not LedgerEntry.objects.filter(kind="top_up").exists()


def test_a_refused_top_up_changes_neither_account_nor_run(office: Office) -> None:
    run, account = stopped_by(office)
    with pytest.raises(LedgerError, match="more than zero"):
        top_up(account, 0)
    run.refresh_from_db()
    account.refresh_from_db()
    assert (run.state, run.cap_nanos, account.topped_up_nanos) == ("paused_budget", 2 * USD, 0)


def test_of_many_top_ups_at_once_all_count_and_the_run_is_woken_once(office: Office, sender: Sender) -> None:
    run, account = stopped_by(office)
    at_once(*(lambda: top_up(account) for _ in range(6)))
    account.refresh_from_db()
    run.refresh_from_db()
    assert (account.topped_up_nanos, run.cap_nanos, run.state) == (6 * USD, 8 * USD, "queued")
    assert kinds(run) == ["run.resumed"]
    assert sender.sent == [run.pk]


def test_what_an_expired_top_up_left_is_taken_back_from_account_and_cap(office: Office) -> None:
    run, account = stopped_by(office)
    top_up(account, USD, minutes=5)
    Run.objects.filter(pk=run.pk).update(state="running")
    run.refresh_from_db()
    claim = office.claim(run)
    put(claim, Batch(hold=hold("h1", 2 * USD + USD // 4), intents=[event("model.started")]))
    put(claim, Batch(settlements=[settled("h1", 2 * USD + USD // 4)]))
    later = timezone.now() + timedelta(minutes=6)
    funding.let_time_pass(later)
    funding.let_time_pass(later)
    account.refresh_from_db()
    run.refresh_from_db()
    assert (account.topped_up_nanos, account.left_nanos, run.cap_nanos) == (USD // 4, 0, 2 * USD + USD // 4)
    lapse = LedgerEntry.objects.get(kind="lapse")
    assert lapse.limit_delta_nanos == -3 * USD // 4
    assert verify() is None


# Edits ---------------------------------------------------------------------------------------------------------


def test_a_higher_limit_lets_runs_go_on_and_tells_live_ones(office: Office) -> None:
    waiting, account = stopped_by(office)
    working = office.run(cap_nanos=2 * USD)
    office.claim(working)
    ended = office.run("completed", cap_nanos=2 * USD)
    edit(office, run_nanos=5 * USD, max_turns=7)
    for run in (waiting, working, ended):
        run.refresh_from_db()
    assert [run.cap_nanos for run in (waiting, working, ended)] == [5 * USD, 5 * USD, 2 * USD]
    assert working.limits["max_turns"] == 7
    assert (waiting.state, working.state) == ("queued", "running")
    account.refresh_from_db()
    assert account.limit_nanos == 5 * USD


def test_a_lower_limit_wakes_nobody_and_keeps_top_ups_on_top(office: Office) -> None:
    run, account = stopped_by(office)
    top_up(account)
    again, _ = stopped_by(office)
    edit(office, run_nanos=USD)
    run.refresh_from_db()
    account.refresh_from_db()
    assert (run.cap_nanos, account.limit_nanos, account.topped_up_nanos) == (2 * USD, USD, USD)
    assert state_of(again) == "paused_budget"


def test_an_edit_that_expires_ends_by_itself(office: Office) -> None:
    run, account = stopped_by(office)
    lent = edit(office, hours=1, run_nanos=5 * USD)
    assert state_of(run) == "queued"
    funding.let_time_pass(timezone.now())
    lent.refresh_from_db()
    assert lent.lapsed_at is None
    funding.let_time_pass(timezone.now() + timedelta(hours=2))
    for row in (lent, run, account):
        row.refresh_from_db()
    assert (lent.lapsed_by, run.cap_nanos, account.limit_nanos) == ("the clock", 2 * USD, 2 * USD)
    assert verify() is None


def test_undoing_a_lower_limit_lets_runs_go_on(office: Office) -> None:
    lower = edit(office, run_nanos=USD)
    run, _ = stopped_by(office)
    account = run_account(run)
    funding.wake_funded(actor="test", why="")
    assert state_of(run) == "paused_budget"
    assert account.limit_nanos == 2 * USD, "the fixture opens accounts under the first limits"
    Account.objects.filter(pk=account.pk).update(limit_nanos=USD)
    Run.objects.filter(pk=run.pk).update(capped_limit_nanos=USD)
    assert funding.undo_edit(edit=lower, actor="acme_admin")
    assert state_of(run) == "queued"
    assert not funding.undo_edit(edit=lower, actor="acme_admin")


def test_a_run_that_waits_for_a_day_goes_on_when_it_is_over(office: Office) -> None:
    limit(office.surface, surface_day_nanos=2 * USD)
    office.limits = replace(office.limits, surface_day_nanos=2 * USD)
    run, day = stopped_by(office, "surface_day")
    funding.wake_funded(actor="the clock", why="")
    assert state_of(run) == "paused_budget"
    Account.objects.filter(pk=day.pk).update(window_end_at=timezone.now() - timedelta(seconds=1))
    funding.let_time_pass(timezone.now())
    assert state_of(run) == "queued"
    with pytest.raises(LedgerError, match="over"):
        top_up(Account.objects.get(pk=day.pk))


def test_those_with_room_are_woken_however_many_wait_without(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(funding, "MOST_PER_SWEEP", 2)
    for _ in range(3):
        stopped_by(office)
    last, account = stopped_by(office)
    top_up(account)
    assert state_of(last) == "queued"


@pytest.mark.parametrize(
    ("given", "field", "said"),
    [
        ({"cheaper_llm": "nobody:tea"}, "cheaper_llm", "names no LLM"),
        ({"cheaper_llm": "rehearsal:unheard-of"}, "cheaper_llm", "price"),
        ({"cheaper_llm": "rehearsal:search", "allowed_llms": ["openai:*"]}, "cheaper_llm", "not among the allowed"),
    ],
)
def test_a_cheaper_llm_must_be_allowed_and_have_a_price(
    office: Office, given: dict[str, Any], field: str, said: str
) -> None:
    with pytest.raises(SettingRefused, match=said) as refused:
        edit(office, **given)
    assert refused.value.field == field
    edit(office, cheaper_llm="rehearsal:search+loop", allowed_llms=["rehearsal:*"])


def test_the_cheaper_llm_cannot_be_forbidden_behind_its_back(office: Office) -> None:
    edit(office, cheaper_llm="rehearsal:search")
    with pytest.raises(SettingRefused, match="would not be allowed") as refused:
        edit(office, allowed_llms=["openai:*"])
    assert refused.value.field == "allowed_llms"
    edit(office, allowed_llms=["openai:*"], cheaper_llm="")


# On a real worker -----------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("at")
def test_a_topped_up_run_goes_on_at_the_same_step(office: Office, llm: WrittenLLM) -> None:  # noqa: F811
    """It has sent its letter, has no money for the next turn, waits, and does not send it twice."""
    llm.script = [asks(call("send", to="ann")), says("Sent.")]
    dear = Rates.flat(input=2 * USD, output=8 * USD, per_request=USD)
    set_price(llm=LLM, rates=dear, effective_from=datetime(2026, 2, 1, tzinfo=UTC), created_by="test")
    limit(office.surface, run_nanos=2 * USD, at_cap="pause")
    run = launch(tenant=office.tenant, surface=office.surface, agent=office.agent, task="Write.", actor="a")
    account = run_account(run)
    first = take_up(runtime.current(), run.pk)
    assert first is not None
    first.go()
    run.refresh_from_db()
    assert (run.state, run.capped_account_id, len(SENT)) == ("paused_budget", account.pk, 1)
    done = list(StepRow.objects.filter(run=run).order_by("number").values_list("number", flat=True))
    top_up(account, 5 * USD)
    second = take_up(runtime.current(), run.pk)
    assert second is not None
    second.go()
    run.refresh_from_db()
    assert (run.state, run.answer, llm.asked, len(SENT)) == ("completed", "Sent.", 2, 1)
    numbers = list(StepRow.objects.filter(run=run).order_by("number").values_list("number", flat=True))
    assert numbers[: len(done)] == done
    assert numbers == list(range(1, len(numbers) + 1))
    assert verify() is None


def test_edits_against_launches_leave_no_run_under_an_old_limit(office: Office) -> None:
    start = partial(launch, tenant=office.tenant, surface=office.surface, agent=office.agent, task="Tea.", actor="a")
    for number in range(3, 7):
        work: list[Callable[[], object]] = [start, start, start, partial(edit, office, run_nanos=number * USD)]
        at_once(*work)
        caps = set(Run.objects.filter(state="queued").values_list("cap_nanos", flat=True))
        limits = set(Account.objects.filter(scope="run").values_list("limit_nanos", flat=True))
        assert caps == limits == {number * USD}


def test_edits_top_ups_and_work_at_once_end_with_books_that_balance(office: Office) -> None:
    runs = [office.run(cap_nanos=2 * USD) for _ in range(3)]
    claims = [office.claim(run) for run in runs]

    def work(number: int) -> None:
        for turn in range(6):
            try:
                put(claims[number], Batch(hold=hold(f"{number}:{turn}", 5), intents=[event("model.started")]))
                put(claims[number], Batch(settlements=[settled(f"{number}:{turn}", 3)]))
            except LostLease:
                return

    at_work: list[Callable[[], object]] = [partial(work, number) for number in range(3)]
    at_work += [partial(top_up, run_account(run)) for run in runs]
    at_work += [partial(edit, office, run_nanos=number * USD) for number in (3, 4)]
    at_once(*at_work)
    last = Tier.objects.get(surface=office.surface).settings["run_nanos"]
    for run in runs:
        run.refresh_from_db()
        assert run.cap_nanos == last + USD
        assert run_account(run).limit_nanos == last
    assert verify() is None


def test_a_run_woken_by_a_person_is_not_woken_again(office: Office) -> None:
    run, account = stopped_by(office)
    Account.objects.filter(pk=account.pk).update(topped_up_nanos=1)
    woken = at_once(
        lambda: int(resume(run=run, actor="acme_operator")),
        lambda: funding.wake_funded(actor="the clock", why=""),
        lambda: funding.wake_funded(actor="the clock", why=""),
    )
    assert sum(woken) == 1
    assert kinds(run) == ["run.resumed"]
