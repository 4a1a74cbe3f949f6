"""A worker dies in the middle of an LLM call: within a minute no money is held, and another one goes on."""

import time

import pytest

from agents.contracts.endings import TERMINAL
from agents.models import Run
from budgets.models import Hold
from tests.harness.drill_desk import furnish, launch_drills, variables
from tests.harness.fixtures import MakeStack
from tests.harness.gated_vendor import gated_vendor
from tests.harness.live_stack import LiveStack

pytestmark = [pytest.mark.flows, pytest.mark.takes(60)]
RESOLVED_WITHIN_SECONDS = 60
RUNS = 2


def test_money_that_a_dead_worker_held_is_charged_and_its_runs_go_on(make_stack: MakeStack) -> None:
    with gated_vendor() as (vendor, url), variables(COMPATIBLE_BASE_URL=url):
        stack = make_stack(COMPATIBLE_BASE_URL=url)
        furnish()
        runs = launch_drills("held", "note answer@late", RUNS)
        stack.wait_for(lambda: vendor.waiting["late"] == RUNS, what="the vendor to be asked for each run")
        left = held_by_a_dead_worker(stack)
        vendor.open("late")
        stack.wait_for(lambda: not Run.objects.exclude(state__in=TERMINAL).exists(), what="all runs to end")
    assert_charged_in_full(left)
    for run in Run.objects.filter(pk__in=runs):
        assert (run.state, run.epoch) == ("completed", 2), run.reason
        assert list(run.events.order_by("seq").values_list("seq", flat=True)) == list(range(1, run.next_seq))
    assert not Hold.objects.open().exists()
    verified = stack.manage("verify_ledger")
    assert verified.returncode == 0, verified.stdout + verified.stderr


def held_by_a_dead_worker(stack: LiveStack) -> set[str]:
    """The holds of a worker that dies while another one lives; they are closed in time."""
    stack.add_worker("second worker")
    stack.start("second worker")
    stack.kill("worker")
    died_at = time.monotonic()
    left = set(Hold.objects.open().values_list("pk", flat=True))
    assert len(left) == RUNS
    stack.wait_for(
        lambda: not Hold.objects.filter(pk__in=left, state="open").exists(),
        what="the holds of the dead worker to be closed",
        seconds=RESOLVED_WITHIN_SECONDS,
    )
    assert time.monotonic() - died_at < RESOLVED_WITHIN_SECONDS
    return left


def assert_charged_in_full(hold_ids: set[str]) -> None:
    """Nobody knows what these calls used: each costs what was held for it, and says so."""
    for hold in Hold.objects.filter(pk__in=hold_ids):
        assert (hold.state, hold.settled_nanos, hold.unreconciled) == ("settled", hold.amount_nanos, True)
        charge = Run.objects.get(pk=hold.run_id).events.get(kind="charge.booked", data__hold=hold.pk)
        assert charge.data["unreconciled"] is True
