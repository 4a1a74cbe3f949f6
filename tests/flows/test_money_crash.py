"""A worker dies in the middle of an LLM call: within a minute no money is held, and another one goes on."""

import time
from datetime import UTC, datetime

import pytest

from agents.contracts.endings import TERMINAL
from agents.models import Run
from budgets.models import Hold
from budgets.prices import set_price
from budgets.pricing import Rates
from tests.flows.vendor import Vendor
from tests.harness.fixtures import MakeStack
from tests.harness.live_stack import LiveStack

pytestmark = pytest.mark.flows
SLOW = "compatible:support-triage+slow=2"
RESOLVED_WITHIN_SECONDS = 60
RUNS = 2


@pytest.fixture
def stack(make_stack: MakeStack, vendor: Vendor) -> LiveStack:
    started = make_stack(COMPATIBLE_BASE_URL=vendor.base_url)
    set_price(
        llm=SLOW,
        rates=Rates.flat(input=2 * 10**9, output=8 * 10**9),
        effective_from=datetime.now(UTC),
        created_by="test",
    )
    started.add_worker("second worker")
    return started


def test_money_that_a_dead_worker_held_is_charged_and_its_runs_go_on(stack: LiveStack, vendor: Vendor) -> None:
    for number in range(RUNS):
        done = stack.manage("launch", "support-triage", f"Where is order 102{number}?", "--llm", SLOW)
        assert done.returncode == 0, done.stderr
    stack.wait_for(lambda: vendor.open_streams() == RUNS, what="the vendor to be asked for each run")
    stack.kill("worker")
    died_at = time.monotonic()
    left = set(Hold.objects.open().values_list("pk", flat=True))
    assert len(left) == RUNS
    stack.start("second worker")
    stack.wait_for(
        lambda: not Hold.objects.filter(pk__in=left, state="open").exists(),
        what="the holds of the dead worker to be closed",
        seconds=RESOLVED_WITHIN_SECONDS,
    )
    assert time.monotonic() - died_at < RESOLVED_WITHIN_SECONDS
    stack.wait_for(lambda: not Run.objects.exclude(state__in=TERMINAL).exists(), what="all runs to end")
    assert_charged_in_full(left)
    for run in Run.objects.all():
        assert (run.state, run.epoch) == ("completed", 2), run.reason
        assert list(run.events.order_by("seq").values_list("seq", flat=True)) == list(range(1, run.next_seq))
    assert not Hold.objects.open().exists()
    verified = stack.manage("verify_ledger")
    assert verified.returncode == 0, verified.stdout + verified.stderr


def assert_charged_in_full(hold_ids: set[str]) -> None:
    """Nobody knows what these calls used: each costs what was held for it, and says so."""
    for hold in Hold.objects.filter(pk__in=hold_ids):
        assert (hold.state, hold.settled_nanos, hold.unreconciled) == ("settled", hold.amount_nanos, True)
        charge = Run.objects.get(pk=hold.run_id).events.get(kind="charge.booked", data__hold=hold.pk)
        assert charge.data["unreconciled"] is True
