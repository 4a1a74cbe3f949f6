"""Any sequence of groups, refusals, crashes and top-ups: no limit is passed, and the books balance."""

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from budgets.ledger import AccountBalance, Books, balances, reconcile, top_up, verify
from budgets.models import Hold
from budgets.tiers import Limits, left_nanos
from tests.budgets.conftest import AT, Till

RUN_LIMIT, DAY_LIMIT = 100, 150

runs = st.integers(min_value=0, max_value=2)
amounts = st.integers(min_value=0, max_value=60)
operations = st.one_of(
    st.tuples(st.just("reserve"), runs, amounts),
    st.tuples(st.just("settle"), runs, amounts),
    st.tuples(st.just("release"), runs, st.just(0)),
    st.tuples(st.just("undo"), runs, amounts),
)
groups = st.lists(
    st.one_of(
        st.tuples(st.just("commit"), st.lists(operations, max_size=6)),
        st.tuples(st.just("crash"), st.lists(operations, max_size=6)),
        st.tuples(st.just("top_up"), runs),
        st.tuples(st.just("reconcile"), runs),
    ),
    max_size=8,
)


class Crash(Exception):
    """The process ended between the work and its commit."""


class Machine:
    """Three runs of one user: applies steps and says after each whether the truths hold."""

    def __init__(self, till: Till) -> None:
        self.till = till
        limits = Limits(run_nanos=RUN_LIMIT, user_day_nanos=DAY_LIMIT)
        self.sets = [till.accounts(limits, run_id=f"run-{number}") for number in range(3)]
        self.made = 0

    def standing(self) -> list[AccountBalance]:
        """Every balance: what a crash must leave alone."""
        return [balance for accounts in self.sets for balance in balances(accounts)]

    def step(self, kind: str, given: object) -> None:
        """One group, top-up or reconciliation."""
        if isinstance(given, int) and kind == "top_up":
            top_up(account_id=self.sets[given].run, amount_nanos=10, reason="more", actor="acme_admin")
        elif isinstance(given, int):
            reconcile(run_id=f"run-{given}", at=AT, sent={f"run-{given}:{self.made}"})
        elif isinstance(given, list):
            self.group(given, crash=kind == "crash")

    def group(self, steps: list[tuple[str, int, int]], *, crash: bool) -> None:
        """Several operations in one transaction, which commits or does not."""
        ids = [account_id for accounts in self.sets for account_id in accounts.ids]
        open_ids = list(Hold.objects.open().values_list("id", flat=True))
        before = self.standing()
        try:
            with self.till.group(ids, *open_ids) as books:
                for kind, run, nanos in steps:
                    self.operate(books, open_ids, kind, run, nanos)
                if crash:
                    books.close()
                    raise Crash
        except Crash:
            assert self.standing() == before

    def operate(self, books: Books, open_ids: list[str], kind: str, run: int, nanos: int) -> None:
        """One operation; settlements stay within their hold, as worst-case reservations guarantee."""
        mine = [hold_id for hold_id in open_ids if hold_id.startswith(f"run-{run}:")]
        if kind in {"reserve", "undo"}:
            mark = books.mark()
            self.made += 1
            hold_id = f"run-{run}:{self.made}"
            refusal = self.till.put(books, self.sets[run], hold_id, nanos, run_id=f"run-{run}")
            if kind == "undo":
                books.undo_to(mark)
            elif refusal is None:
                open_ids.append(hold_id)
        elif mine and kind == "settle":
            in_full = books.mark()
            if books.settle(hold_id=mine[0], cost_nanos=nanos, usage=None, at=AT).over_ceiling:
                books.undo_to(in_full)
                books.settle_in_full(hold_id=mine[0], at=AT)
        elif mine:
            books.release(hold_id=mine[0], at=AT)


@pytest.mark.usefixtures("db")
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=groups)
def test_limits_and_balances_hold_after_every_step(till: Till, steps: list[tuple[str, object]]) -> None:
    with transaction.atomic():
        machine = Machine(till)
        for kind, given_to_it in steps:
            machine.step(kind, given_to_it)
            assert verify() is None
            assert [each for each in machine.standing() if each.held_nanos < 0 or (left_nanos(each) or 0) < 0] == []
        # Every example starts with an empty ledger.
        transaction.set_rollback(True)
