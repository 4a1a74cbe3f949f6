"""A vendor that answers badly: the run ends in a definite state, says why, and holds no money."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from agents.models import Run
from budgets.ledger import verify
from budgets.models import Hold
from budgets.prices import set_price
from budgets.pricing import Rates
from tests.flows.vendor import Vendor
from tests.harness.fixtures import MakeStack
from tests.harness.live_stack import LiveStack

pytestmark = [pytest.mark.flows, pytest.mark.either_database]
FAULTS = {
    "status=401": "authentication",
    "status=404": "not found",
    "status=429": "rate limited",
    "status=500": "server error",
    "html": "bad answer",
    "half-stream": "cut",
}
FAILED = 1


def llm_with(fault: str) -> str:
    return f"compatible:support-triage+{fault}"


@pytest.fixture
def stack(make_stack: MakeStack, vendor: Vendor) -> LiveStack:
    started = make_stack(COMPATIBLE_BASE_URL=vendor.base_url)
    for fault in FAULTS:
        set_price(
            llm=llm_with(fault),
            rates=Rates.flat(input=2 * 10**9, output=8 * 10**9),
            effective_from=datetime.now(UTC),
            created_by="test",
        )
    return started


def test_each_fault_ends_the_run_with_its_reason(stack: LiveStack) -> None:
    def launched(fault: str) -> tuple[int, str]:
        done = stack.manage("launch", "support-triage", "Where is order 1029?", "--llm", llm_with(fault), "--json")
        return done.returncode, done.stdout

    with ThreadPoolExecutor(2) as pool:
        results = dict(zip(FAULTS, pool.map(launched, FAULTS), strict=True))
    for fault, (exit_code, output) in results.items():
        last = json.loads(output.splitlines()[-1])
        assert (exit_code, last["kind"], last["data"]["state"]) == (FAILED, "run.ended", "failed"), output
        assert FAULTS[fault] in last["data"]["reason"]
    assert Run.objects.filter(state="failed").count() == len(FAULTS)
    assert not Hold.objects.open().exists()
    cut = Hold.objects.get(llm=llm_with("half-stream"))
    assert cut.unreconciled
    assert cut.settled_nanos
    assert verify() is None
