"""A worker's hold on a run, with what it remembers of it, whether or not the run is still its own."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

from agents.contracts.base import JsonObject
from agents.contracts.endings import Ending, RunState
from agents.contracts.events import Event, EventKind
from agents.engine.batch import ApprovalRequest, Batch, EffectEnd, EffectStart, Receipt, Settlement
from agents.engine.guard import far_end_key
from agents.execution import Execution
from budgets import clock
from budgets.pricing import Usage
from tests.agents.batches import PRICE, hold, step
from tests.agents.machine.far_end import FarEnd, Letter


@dataclass
class Stretch:
    """One claim of one run."""

    execution: Execution
    holds: list[tuple[str, int]] = field(default_factory=list)
    asked: int = 0

    @property
    def run_id(self) -> str:
        """The run that it works on, or did."""
        return self.execution.run.id

    @property
    def epoch(self) -> int:
        """The epoch of its claim."""
        return self.execution.run.epoch

    def begin(self) -> None:
        """What a worker does first: settle what an earlier one left, and say that it is there."""
        self.execution._close_old_holds()
        self.say_something()

    def reserve(self, nanos: int, *, settle: bool, step_number: int) -> Receipt:
        """Ask for a call's money; the answer of the call before is booked in the same commit."""
        batch = Batch(facts=[now("turn.started")], intents=[now("model.started")])
        if settle and self.holds:
            hold_id, held_nanos = self.holds.pop()
            batch.settlements = [settlement(hold_id, held_nanos // 2)]
            batch.steps = [step(step_number)]
        self.asked += 1
        hold_id = f"{self.run_id}:{self.epoch}:{self.asked}"
        batch.hold = hold(hold_id, nanos)
        receipt = self.execution.journal.commit(batch)
        if receipt == Receipt():
            self.holds.append((hold_id, nanos))
        return receipt

    def settle(self, *settlements: Settlement) -> Receipt:
        """Book what calls have cost."""
        return self.execution.journal.commit(Batch(facts=[now("model.ended")], settlements=list(settlements)))

    def say_something(self) -> Receipt:
        """Write a fact, which nobody but a later holder of the run can keep back."""
        return self.execution.journal.commit(Batch(facts=[now("note.added")]))

    def send(self, letter: Letter, far_end: FarEnd, *, fails: bool) -> bool:
        """Announce a letter and let it go, or try in vain. False when something kept it back."""
        under = far_end_key(self.run_id, letter.key)
        told: JsonObject = {"number": letter.number}
        start = EffectStart("c1", 1, letter.kind, "1", letter.key, letter.dedupe_seconds, told, under)
        intents = [now("tool.started")]
        if self.execution.journal.commit(Batch(intents=intents, effects_started=[start])) != Receipt():
            return False
        known = self.execution.memory.effect(letter.key, dedupe_seconds=letter.dedupe_seconds)
        if known is None or known.run_id != self.run_id:
            return False  # another run was faster
        if not fails:
            far_end.receive(letter, self.run_id, known.sent_key)
        return True

    def record(self, letter: Letter, *, failed: bool) -> Receipt:
        """Write down how a letter came out."""
        result: JsonObject | None = None if failed else {"value": "sent"}
        ended = EffectEnd(letter.key, "failed" if failed else "succeeded", "post", result)
        return self.execution.journal.commit(Batch(facts=[now("tool.ended")], effects_ended=[ended]))

    def ask(self, call_id: str) -> Receipt:
        """Ask people for a call."""
        request = ApprovalRequest(call_id, "pay", {}, "hash", "")
        return self.execution.journal.commit(Batch(intents=[now("approval.requested")], approvals=[request]))

    def end(self, state: RunState, *, account_id: int | None = None, limit_nanos: int | None = None) -> None:
        """Leave the run in a state."""
        ending = Ending(state=state, detail={"account_id": account_id, "limit_nanos": limit_nanos})
        kind: EventKind = "run.ended" if ending.terminal else "run.paused"
        self.execution.journal.end(ending, [now(kind)])

    def midnight(self) -> None:
        """The day of its accounts is over."""
        journal = self.execution.journal
        over = replace(journal._claim.accounts, valid_until=clock.now() - timedelta(seconds=1))
        journal._claim = replace(journal._claim, accounts=over)


def settlement(hold_id: str, nanos: int, *, unreconciled: bool = False, released: bool = False) -> Settlement:
    """How a call came out."""
    return Settlement(hold_id, nanos, Usage(10, 2), {"seen": 1}, PRICE, unreconciled, released)


def now(kind: EventKind) -> Event:
    """An event of this moment."""
    return Event(kind=kind, at=clock.now(), turn=1, data={})
