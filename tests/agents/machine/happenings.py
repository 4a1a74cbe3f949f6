"""What workers, people, brokers, clocks and time may do next, and what each must get for an answer."""

import contextlib
from collections.abc import Iterator
from datetime import timedelta

from agents import effects, lease, recovery
from agents.contracts.endings import HOLDING_A_WORKER, TERMINAL, RunState
from agents.engine.batch import Receipt
from agents.engine.ports import LostLease
from agents.funding import edit_tier, top_up
from agents.kills import kill
from agents.lifecycle import pause, resume
from agents.models import Effect, Run
from budgets import clock
from budgets.ledger import LedgerError
from budgets.models import Account
from budgets.tier_edits import Change
from budgets.tier_settings import MAY_SET, SettingRefused
from tests.agents import wrong_clock
from tests.agents.at_once import at_once
from tests.agents.machine import truths
from tests.agents.machine.far_end import Letter
from tests.agents.machine.house import House
from tests.agents.machine.picture import Picture
from tests.agents.machine.stretch import Stretch, settlement

OPERATOR = "acme_operator"
HOUR = timedelta(hours=1)


class Happenings:
    """One tenant, a handful of runs, three workers, and everything that can go wrong between them."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.seen = Picture.taken()
        self.asked = 0
        self.runs: list[str] = []
        self.stretches: list[Stretch] = []
        for user in ("ann", ""):
            self.start(user)
            self._deliver(self.runs[-1], together=False, dies=False)

    @contextlib.contextmanager
    def step(self, *, overbilled: dict[int, int] | None = None) -> Iterator[None]:
        """Something happens; afterwards the truths hold."""
        yield
        before, self.seen = self.seen, Picture.taken()
        truths.check(before, self.seen, overbilled=overbilled or {})
        assert not self.house.far_end.doubled()

    @contextlib.contextmanager
    def writing(self, stretch: Stretch, *, overbilled: dict[int, int] | None = None) -> Iterator[None]:
        """A worker writes: it stands if the run is its own, and leaves nothing at all if it is not."""
        before, own = self.seen, self._holds(stretch)
        with self.step(overbilled=overbilled if own else None):
            try:
                yield
            except LostLease:
                assert not own, "a worker lost a run that was its own"
                assert self._without_new_accounts(before) == before, "a fenced worker left something behind"
                return
        assert own, f"epoch {stretch.epoch} wrote, but the run stands at {before.runs[stretch.run_id]}"

    def _without_new_accounts(self, before: Picture) -> Picture:
        """The present picture; who opens the accounts of a new day does so before it knows that it is late."""
        now = Picture.taken()
        fresh = now.accounts.keys() - before.accounts.keys()
        assert all(now.accounts[each].total_nanos == 0 for each in fresh)
        for each in fresh:
            del now.accounts[each]
        return now

    def _stretch(self, which: int) -> Stretch:
        """One of those that workers remember; more often one that still holds its run, if any does."""
        own = [stretch for stretch in self.stretches if self._holds(stretch)]
        among = own if own and which % 4 else self.stretches
        return among[which // 4 % len(among)]

    def _holds(self, stretch: Stretch) -> bool:
        run = self.seen.runs[stretch.run_id]
        return run.epoch == stretch.epoch and run.state in HOLDING_A_WORKER

    def _run(self, which: int) -> str:
        """One of the latest."""
        return self.runs[-1 - which % min(3, len(self.runs))]

    def start(self, user: str) -> None:
        with self.step():
            run_id = self.house.launch(user)
        if run_id is not None:
            assert run_id in self.house.sender.sent
            self.runs.append(run_id)

    def deliver(self, which: int, together: bool, dies: bool) -> None:
        self._deliver(self._run(which), together=together, dies=dies)

    def _deliver(self, run_id: str, *, together: bool, dies: bool) -> None:
        run = self.seen.runs[run_id]
        expired = Run.objects.lease_expired().filter(pk=run_id).exists()
        free = (run.state == "queued" or expired) and not run.killed and run.attempts < lease.MOST_ATTEMPTS
        with self.step():
            won = self.house.deliver(run_id, together=together)
            assert len(won) == free, f"{len(won)} hold a run that was {run}"
            if won and not dies:
                won[0].begin()
            assert Run.objects.get(pk=run_id).attempts == run.attempts + len(won)
        if won and dies:
            self.house.let_lease_expire(won[0])
        self.stretches += won

    def call(self, which: int, nanos: int, outcome: str, more: int) -> None:
        """Ask for a call's money; what an earlier call has cost may be booked in the same commit."""
        stretch = self._stretch(which)
        run, number = self.seen.runs[stretch.run_id], self.seen.runs[stretch.run_id].steps_count + 1
        receipt = None
        with self.writing(stretch):
            receipt = stretch.reserve(nanos, settle=more > 300, step_number=number)
            assert (receipt.kill_requested_at is not None) == run.killed
            assert receipt.paused == (run.paused and not run.killed)
            if receipt.refusal is not None:
                full = Picture.taken().accounts[receipt.refusal.account_id]
                assert not full.has_room(nanos), f"{nanos} were refused though {full} has room"
        if receipt == Receipt():
            assert not self.house.days_that_are_over(stretch.holds[-1][0])
            if outcome != "in flight":
                self._settle(stretch, outcome, more)

    def settle(self, which: int, outcome: str, more: int) -> None:
        self._settle(self._stretch(which), outcome, more)

    def _settle(self, stretch: Stretch, outcome: str, more: int) -> None:
        """Book what a call has cost, and the same again."""
        if stretch.holds:
            hold_id, nanos = stretch.holds.pop()
            cost = {"less": nanos // 2, "in full": nanos, "released": 0, "more": nanos + more}[outcome]
            booked = settlement(hold_id, cost, unreconciled=outcome == "in full", released=outcome == "released")
            accounts = self.seen.holds[hold_id].accounts if outcome == "more" else ()
            with self.writing(stretch, overbilled=dict.fromkeys(accounts, more)):
                stretch.settle(booked)
            with self.writing(stretch):
                stretch.settle(booked)

    def write(self, which: int, letter: Letter, outcome: str) -> None:
        stretch = self._stretch(which)
        known = stretch.execution.memory.effect(letter.key, dedupe_seconds=letter.dedupe_seconds)
        own = known is not None and known.run_id == stretch.run_id
        free = known is None or known.state == "failed" or known.outcome == "again"
        if not free and not (known is not None and known.state == "started" and letter.keyed and own):
            return  # it has happened, or nobody knows: it is not sent again
        left = False
        with self.writing(stretch):
            left = stretch.send(letter, self.house.far_end, fails=outcome == "failed")
        if left and outcome != "unrecorded":
            with self.writing(stretch):
                stretch.record(letter, failed=outcome == "failed")

    def write_the_same_at_once(self, which: int, another: int, number: int) -> None:
        """Two runs have looked, and neither has seen the other's letter."""
        stretch, other = self._stretch(which), self._stretch(another)
        letter = Letter("shared", number)
        looks = [each.execution.memory.effect(letter.key, dedupe_seconds=60) for each in (stretch, other)]
        if looks == [None, None] and stretch.run_id != other.run_id:
            for each in (stretch, other):
                with self.writing(each):
                    each.send(letter, self.house.far_end, fails=False)

    def resolve(self, which: int, word: effects.Word) -> None:
        """Two people say at the same moment what became of a letter of which nobody knows."""
        unknown = list(Effect.objects.filter(state="unknown").order_by("pk"))
        if not unknown:
            return
        letter = unknown[which % len(unknown)]
        said: dict[str, effects.Word] = {OPERATOR: word, "acme_admin": "given_up"}
        with self.step():
            heard = at_once(*(lambda a=a, w=w: self._say(letter, a, w) for a, w in said.items()))
            assert sorted(heard) == [False, True], "one word holds"
            letter.refresh_from_db()
            assert (letter.state, letter.outcome) == ("resolved", said[letter.resolved_by])
            if letter.outcome == "again" and letter.tool == "unkeyed":
                self.house.far_end.forget(letter.key, letter.run_id)

    def _say(self, letter: Effect, actor: str, word: effects.Word) -> bool:
        return effects.resolve(effect=letter, outcome=word, actor=actor, reason="I looked.", result="sent")

    def crash(self, which: int) -> None:
        """Or stop for longer than the lease: it may come back, and write."""
        self.house.let_lease_expire(self._stretch(which))

    def be_overtaken(self, which: int, together: bool) -> None:
        """It stops for longer than its lease, others are told of its run, and it comes back."""
        stretch = self._stretch(which)
        self.house.let_lease_expire(stretch)
        self._deliver(stretch.run_id, together=together, dies=False)
        with self.writing(stretch):
            stretch.say_something()

    def renew(self, which: int) -> None:
        stretch = self._stretch(which)
        run = self.seen.runs[stretch.run_id]
        with self.step():
            held = lease.renew(owner=stretch.execution.run.lease_owner, run_ids=[stretch.run_id])
        assert {each.epoch for each in held} <= {run.epoch}

    def end(self, which: int, state: RunState) -> None:
        stretch = self._stretch(which)
        run = self.seen.runs[stretch.run_id]
        account_id = stretch.execution.journal._claim.accounts.tenant_day
        with self.writing(stretch):
            stretch.end(state, account_id=account_id, limit_nanos=self.seen.accounts[account_id].limit_nanos)
            assert Run.objects.get(pk=stretch.run_id).state == ("killed" if run.killed else state)
        with self.writing(stretch):
            stretch.say_something()

    def ask_people(self, which: int, decided_before: bool) -> None:
        stretch = self._stretch(which)
        self.asked += 1
        with self.writing(stretch):
            stretch.ask(f"call {self.asked}")
        if decided_before:
            self._decide(stretch.run_id)
        with self.writing(stretch):
            stretch.end("waiting_approval")

    def operate(self, which: int, verb: str) -> None:
        run_id = self._run(which)
        if verb == "decide":
            self._decide(run_id)
            return
        with self.step():
            {"pause": pause, "resume": resume}[verb](run=Run.objects.get(pk=run_id), actor=OPERATOR)

    def _decide(self, run_id: str) -> None:
        run = self.seen.runs[run_id]
        live = run.state not in TERMINAL and not run.killed
        waiting = [each for each in self.seen.approvals if each[0] == run_id and each[2] == ""]
        with self.step():
            assert self.house.decide(run_id) == (len(waiting) if live else 0)

    def kill(self, which: int) -> None:
        run_id = self._run(which)
        run = self.seen.runs[run_id]
        with self.step():
            killed = kill(run=Run.objects.get(pk=run_id), actor=OPERATOR, reason="enough")
        assert killed == (run.state not in TERMINAL and not run.killed)
        held = run.state in HOLDING_A_WORKER
        assert not killed or self.seen.runs[run_id].state == ("kill_requested" if held else "killed")

    def top_up(self, number: int, nanos: int, for_a_time: bool) -> None:
        accounts = list(Account.objects.order_by("pk"))
        account, until = accounts[number % len(accounts)], clock.now() + HOUR if for_a_time else None
        with self.step(), contextlib.suppress(LedgerError):  # its day is over, or it has no limit
            top_up(account=account, amount_nanos=nanos, reason="more", actor=OPERATOR, expires_at=until)

    def edit(self, field: str, nanos: int, for_a_time: bool) -> None:
        until = clock.now() + HOUR if for_a_time else None
        change = Change(changes={field: nanos}, reason="test", actor=OPERATOR, made_from="here", expires_at=until)
        surface = self.house.surface if field in MAY_SET["surface"] else None
        with self.step(), contextlib.suppress(SettingRefused):  # a wider limit is smaller
            edit_tier(tenant=self.house.tenant, surface=surface, user="", change=change)

    def set_the_workers_clock(self, hours: int) -> None:
        wrong_clock.set_ahead(timedelta(hours=hours))

    def let_time_pass(self, midnight: bool) -> None:
        with self.step():
            if midnight:
                self.house.let_day_end()
            else:
                self.house.let_time_pass()

    def sweep(self) -> None:
        with self.step():
            recovery.sweep()
        left = Run.objects.lease_expired()
        assert not left.filter(kill_requested_at__isnull=False).exists()
        assert not left.filter(attempts__gte=lease.MOST_ATTEMPTS).exists()
        assert set(left.values_list("pk", flat=True)) <= set(self.house.sender.sent)
