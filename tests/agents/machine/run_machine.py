"""The rules: what workers, people, brokers, clocks and time may do next, and what each must get for an answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, MultipleResults, RuleBasedStateMachine, consumes, initialize, multiple, rule

from agents import lease, recovery
from agents.contracts.endings import HOLDING_A_WORKER, TERMINAL, RunState
from agents.engine.ports import LostLease
from agents.funding import edit_tier, top_up
from agents.lifecycle import kill, pause, resume
from agents.models import Run
from budgets import clock
from budgets.ledger import LedgerError
from budgets.models import Account
from budgets.tier_edits import Change
from budgets.tier_settings import SettingRefused
from tests.agents import wrong_clock
from tests.agents.machine import truths
from tests.agents.machine.far_end import Letter
from tests.agents.machine.house import House
from tests.agents.machine.picture import Picture
from tests.agents.machine.stretch import Stretch, settlement

amounts = st.integers(min_value=1, max_value=600)
letters = st.builds(Letter, st.sampled_from(["keyed", "unkeyed", "shared"]), st.integers(0, 1))
endings: st.SearchStrategy[RunState] = st.sampled_from(["completed", "failed", "paused", "waiting_resolution"])
surface_fields = st.sampled_from(["run_nanos", "surface_day_nanos"])
tenant_fields = st.sampled_from(["user_day_nanos", "tenant_day_nanos", "tenant_month_nanos"])
OPERATOR = "acme_operator"


class RunMachine(RuleBasedStateMachine):
    """One tenant, up to a handful of runs, three workers, and everything that can go wrong between them."""

    runs: Bundle[str] = Bundle("runs")
    stretches: Bundle[Stretch] = Bundle("stretches")

    def __init__(self, house: House) -> None:
        super().__init__()
        self.house = house
        self.seen = Picture.taken()
        self.asked = 0

    def teardown(self) -> None:
        wrong_clock.set_ahead(timedelta())

    @contextmanager
    def step(self, *, overbilled: dict[int, int] | None = None) -> Iterator[None]:
        """Something happens; afterwards the truths hold."""
        yield
        before, self.seen = self.seen, Picture.taken()
        truths.check(before, self.seen, overbilled=overbilled or {})
        assert not self.house.far_end.doubled()

    @contextmanager
    def writing(self, stretch: Stretch, *, overbilled: dict[int, int] | None = None) -> Iterator[None]:
        """A worker writes: it stands if the run is its own, and leaves nothing at all if it is not."""
        run = self.seen.runs[stretch.run_id]
        own = run.epoch == stretch.epoch and run.state in HOLDING_A_WORKER
        before = self.seen
        with self.step(overbilled=overbilled if own else None):
            try:
                yield
            except LostLease:
                assert not own, "a worker lost a run that was its own"
                assert self._without_new_accounts(before) == before, "a fenced worker left something behind"
                return
        assert own, f"epoch {stretch.epoch} wrote, but the run stands at {run}"

    def _without_new_accounts(self, before: Picture) -> Picture:
        """The present picture; who opens the accounts of a new day does so before it knows that it is late."""
        now = Picture.taken()
        fresh = now.accounts.keys() - before.accounts.keys()
        assert all(now.accounts[each].total_nanos == 0 for each in fresh)
        for each in fresh:
            del now.accounts[each]
        return now

    @initialize(target=runs)
    def start_one(self) -> str | MultipleResults[str]:
        return self.start("ann")

    @rule(target=runs, user=st.sampled_from(["", "ann"]))
    def start(self, user: str) -> str | MultipleResults[str]:
        with self.step():
            run_id = self.house.launch(user)
        if run_id is None:
            return multiple()
        assert run_id in self.house.sender.sent
        return run_id

    @rule(target=stretches, run_id=runs, together=st.booleans(), dies=st.booleans())
    def deliver(self, run_id: str, together: bool, dies: bool) -> MultipleResults[Stretch]:
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
        return multiple(*won)

    @rule(stretch=stretches, nanos=amounts, settle=st.booleans())
    def reserve(self, stretch: Stretch, nanos: int, settle: bool) -> None:
        run = self.seen.runs[stretch.run_id]
        with self.writing(stretch):
            receipt = stretch.reserve(nanos, settle=settle, step_number=run.steps_count + 1)
            assert (receipt.kill_requested_at is not None) == run.killed
            assert receipt.paused == (run.paused and not run.killed)
            if receipt.refusal is not None:
                full = Picture.taken().accounts[receipt.refusal.account_id]
                assert not full.has_room(nanos), f"{nanos} were refused though {full} has room"

    @rule(stretch=stretches, outcome=st.sampled_from(["less", "in full", "released"]))
    def settle(self, stretch: Stretch, outcome: str) -> None:
        if stretch.holds:
            hold_id, nanos = stretch.holds.pop()
            cost = {"less": nanos // 2, "in full": nanos, "released": 0}[outcome]
            booked = settlement(hold_id, cost, unreconciled=outcome == "in full", released=outcome == "released")
            with self.writing(stretch):
                stretch.settle(booked, booked)

    @rule(stretch=stretches, more=amounts)
    def be_overbilled(self, stretch: Stretch, more: int) -> None:
        if stretch.holds:
            hold_id, nanos = stretch.holds.pop()
            accounts = self.seen.holds[hold_id].accounts
            with self.writing(stretch, overbilled=dict.fromkeys(accounts, more)):
                stretch.settle(settlement(hold_id, nanos + more))

    @rule(stretch=stretches, letter=letters, outcome=st.sampled_from(["sent", "failed", "unrecorded"]))
    def write(self, stretch: Stretch, letter: Letter, outcome: str) -> None:
        known = stretch.execution.memory.effect(letter.key, dedupe_seconds=letter.dedupe_seconds)
        own = known is not None and known.run_id == stretch.run_id
        if known is not None and known.state != "failed" and not (known.state == "started" and letter.keyed and own):
            return  # it has happened, or nobody knows: it is not sent again
        left = False
        with self.writing(stretch):
            left = stretch.send(letter, self.house.far_end, fails=outcome == "failed")
        if left and outcome != "unrecorded":
            with self.writing(stretch):
                stretch.record(letter, failed=outcome == "failed")

    @rule(stretch=consumes(stretches))
    def crash(self, stretch: Stretch) -> None:
        self.house.let_lease_expire(stretch)

    @rule(stretch=stretches)
    def stop_for_longer_than_the_lease(self, stretch: Stretch) -> None:
        self.house.let_lease_expire(stretch)

    @rule(stretch=stretches)
    def renew(self, stretch: Stretch) -> None:
        run = self.seen.runs[stretch.run_id]
        with self.step():
            held = lease.renew(owner=stretch.execution.run.lease_owner, run_ids=[stretch.run_id])
        assert {each.epoch for each in held} <= {run.epoch}

    @rule(stretch=stretches, state=endings)
    def end(self, stretch: Stretch, state: RunState) -> None:
        run = self.seen.runs[stretch.run_id]
        with self.writing(stretch):
            stretch.end(state)
            assert Run.objects.get(pk=stretch.run_id).state == ("killed" if run.killed else state)

    @rule(stretch=stretches)
    def wait_for_money(self, stretch: Stretch) -> None:
        account_id = stretch.execution.journal._claim.accounts.tenant_day
        with self.writing(stretch):
            stretch.end("paused_budget", account_id=account_id, limit_nanos=self.seen.accounts[account_id].limit_nanos)

    @rule(stretch=stretches, decided_before=st.booleans())
    def ask_people(self, stretch: Stretch, decided_before: bool) -> None:
        self.asked += 1
        with self.writing(stretch):
            stretch.ask(f"call {self.asked}")
        if decided_before:
            self.decide(stretch.run_id)
        with self.writing(stretch):
            stretch.end("waiting_approval")

    @rule(run_id=runs)
    def decide(self, run_id: str) -> None:
        run = self.seen.runs[run_id]
        live = run.state not in TERMINAL and not run.killed
        waiting = [each for each in self.seen.approvals if each[0] == run_id and each[2] == ""]
        with self.step():
            assert self.house.decide(run_id) == (len(waiting) if live else 0)

    @rule(run_id=runs)
    def kill(self, run_id: str) -> None:
        run = self.seen.runs[run_id]
        with self.step():
            killed = kill(run=Run.objects.get(pk=run_id), actor=OPERATOR, reason="enough")
        assert killed == (run.state not in TERMINAL and not run.killed)
        held = run.state in HOLDING_A_WORKER
        assert not killed or self.seen.runs[run_id].state == ("kill_requested" if held else "killed")

    @rule(run_id=runs)
    def pause(self, run_id: str) -> None:
        with self.step():
            pause(run=Run.objects.get(pk=run_id), actor=OPERATOR)

    @rule(run_id=runs)
    def resume(self, run_id: str) -> None:
        with self.step():
            resume(run=Run.objects.get(pk=run_id), actor=OPERATOR)

    @rule(number=st.integers(0, 30), nanos=amounts, for_a_time=st.booleans())
    def top_up(self, number: int, nanos: int, for_a_time: bool) -> None:
        accounts = list(Account.objects.order_by("pk"))
        with self.step():
            if accounts:
                until = clock.now() + timedelta(hours=1) if for_a_time else None
                try:
                    top_up(
                        account=accounts[number % len(accounts)],
                        amount_nanos=nanos,
                        reason="more",
                        actor=OPERATOR,
                        expires_at=until,
                    )
                except LedgerError:
                    return

    @rule(field=surface_fields, nanos=st.integers(0, 3_000), for_a_time=st.booleans())
    def edit_surface(self, field: str, nanos: int, for_a_time: bool) -> None:
        self._edit(field, nanos, for_a_time, of_surface=True)

    @rule(field=tenant_fields, nanos=st.integers(0, 3_000), for_a_time=st.booleans())
    def edit_tenant(self, field: str, nanos: int, for_a_time: bool) -> None:
        self._edit(field, nanos, for_a_time, of_surface=False)

    def _edit(self, field: str, nanos: int, for_a_time: bool, *, of_surface: bool) -> None:
        until = clock.now() + timedelta(hours=1) if for_a_time else None
        change = Change(
            changes={field: nanos}, reason="test", actor=OPERATOR, made_from="the machine", expires_at=until
        )
        with self.step():
            try:
                edit_tier(
                    tenant=self.house.tenant,
                    surface=self.house.surface if of_surface else None,
                    user="",
                    change=change,
                )
            except SettingRefused:
                return

    @rule(hours=st.sampled_from([-25, -1, 0, 1, 25]))
    def set_the_workers_clock(self, hours: int) -> None:
        wrong_clock.set_ahead(timedelta(hours=hours))

    @rule(stretches=st.lists(stretches, max_size=3))
    def become_midnight(self, stretches: list[Stretch]) -> None:
        with self.step():
            self.house.let_day_end()
        for stretch in stretches:
            stretch.midnight()

    @rule()
    def wait_until_all_that_expires_has_expired(self) -> None:
        with self.step():
            self.house.let_time_pass()

    @rule()
    def sweep(self) -> None:
        with self.step():
            recovery.sweep()
        left = Run.objects.lease_expired()
        assert not left.filter(kill_requested_at__isnull=False).exists()
        assert not left.filter(attempts__gte=lease.MOST_ATTEMPTS).exists()
        assert set(left.values_list("pk", flat=True)) <= set(self.house.sender.sent)
