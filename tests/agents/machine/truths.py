"""What holds after every step, whatever the step was."""

from agents.contracts.endings import HOLDING_A_WORKER, TERMINAL
from tests.agents.machine.picture import Money, Picture

INTENTS = {"model.started", "tool.started"}
NOTHING = Money(None, 0, 0, 0)


def check(before: Picture, after: Picture, *, overbilled: dict[int, int]) -> None:
    """Raises AssertionError. `overbilled` is what a vendor charged above its hold in this step, by account."""
    assert after.mismatch is None, str(after.mismatch)
    no_limit_is_passed(before, after, overbilled)
    money_of_runs_is_that_of_their_holds(after)
    events_have_no_hole(after)
    one_epoch_follows_the_other(before, after)
    ended_runs_stay_as_they_are(before, after)
    nothing_begins_after_a_kill(after)
    nobody_waits_for_what_will_not_come(after)


def no_limit_is_passed(before: Picture, after: Picture, overbilled: dict[int, int]) -> None:
    """Nothing is admitted above a limit; what stands above one, lowered or overbilled, only falls.

    No date puts it there.
    """
    for account_id, money in after.accounts.items():
        was = before.accounts.get(account_id, NOTHING)
        if not money.has_room(0):
            most = was.total_nanos + overbilled.get(account_id, 0)
            assert money.total_nanos <= most, f"account {account_id} rose to {money}"
            assert money.topped_up_nanos >= was.topped_up_nanos, f"account {account_id} lost what it needs: {money}"
    for hold_id in after.holds.keys() - before.holds.keys():
        full = [each for each in after.holds[hold_id].accounts if not after.accounts[each].has_room(0)]
        assert not full, f"{hold_id} was admitted above the limits of {full}"


def money_of_runs_is_that_of_their_holds(after: Picture) -> None:
    """A run's cost is what its holds were settled for, and a hold never outlives its run."""
    for run_id, run in after.runs.items():
        holds = [hold for hold in after.holds.values() if hold.run_id == run_id]
        assert run.cost_nanos == sum(hold.settled_nanos for hold in holds)
        if run.state not in HOLDING_A_WORKER:
            assert "open" not in {hold.state for hold in holds}, f"{run.state} run {run_id} holds money"


def events_have_no_hole(after: Picture) -> None:
    """Events are numbered from 1 to the last one that the run knows of."""
    for run_id, run in after.runs.items():
        numbers = [number for number, _, _ in after.events[run_id]]
        assert numbers == list(range(1, run.next_seq)), f"{run_id}: {numbers}, next {run.next_seq}"


def one_epoch_follows_the_other(before: Picture, after: Picture) -> None:
    """A run's epoch never falls, and each stretch that speaks does so under a later one."""
    for run_id, run in after.runs.items():
        epochs = [epoch for _, kind, epoch in after.events[run_id] if kind == "run.claimed"]
        assert epochs == sorted(set(epochs)), f"{run_id} was claimed as {epochs}"
        assert run.epoch >= max(epochs, default=0)
        if run_id in before.runs:
            assert run.epoch - before.runs[run_id].epoch in (0, 1)


def ended_runs_stay_as_they_are(before: Picture, after: Picture) -> None:
    """A run ends once, says so last, and does not change any more."""
    for run_id, run in after.runs.items():
        kinds = after.kinds(run_id)
        ended = run.state in TERMINAL
        assert kinds.count("run.ended") == ended, f"{run.state} run {run_id}: {kinds}"
        assert not ended or kinds[-1] == "run.ended", f"{run_id} went on: {kinds}"
        if run_id in before.runs and before.runs[run_id].state in TERMINAL:
            assert run == before.runs[run_id]


def nothing_begins_after_a_kill(after: Picture) -> None:
    """No step starts after the commit of a kill, which is acknowledged once."""
    for run_id in after.runs:
        kinds = after.kinds(run_id)
        if "kill.requested" in kinds:
            later = kinds[kinds.index("kill.requested") :]
            assert INTENTS.isdisjoint(later), f"{run_id}: {kinds}"
            assert later.count("kill.acknowledged") <= 1


def nobody_waits_for_what_will_not_come(after: Picture) -> None:
    """What nobody will record any more is not under way: nobody knows whether it happened, and the row says so."""
    for effect in after.effects:
        state = after.runs[effect.run_id].state
        assert effect.state != "started" or state not in TERMINAL, f"{effect} of a run that is {state}"
