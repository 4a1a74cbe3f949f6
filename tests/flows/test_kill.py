"""An operator kills a run in the browser, and the vendor sees its connection close."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page
from pytest_django.plugin import DjangoDbBlocker

from agents.models import EventRow, Run
from agents.warden import HEARD
from budgets.ledger import verify
from budgets.models import Hold
from budgets.prices import set_price
from budgets.pricing import Rates
from tests.flows.console_page import ConsolePage
from tests.flows.vendor import Vendor
from tests.harness.databases import StackDatabases
from tests.harness.fixtures import running_stack
from tests.harness.live_stack import LiveStack

pytestmark = pytest.mark.flows
LOOPING = "compatible:support-triage+loop+slow=60"
KILLS = 5
HANGS_UP_WITHIN_SECONDS = 30
"""Half of what the vendor's answer takes: nothing else would close its socket by then."""


@pytest.fixture(scope="module")
def stack(
    stack_databases: StackDatabases,
    tmp_path_factory: pytest.TempPathFactory,
    django_db_blocker: DjangoDbBlocker,
    vendor: Vendor,
) -> Iterator[LiveStack]:
    var = tmp_path_factory.mktemp("stack")
    given = {"COMPATIBLE_BASE_URL": vendor.base_url}
    with running_stack(stack_databases, var, django_db_blocker, **given) as started:
        set_price(
            llm=LOOPING,
            rates=Rates.flat(input=2 * 10**9, output=8 * 10**9),
            effective_from=datetime.now(UTC),
            created_by="test",
        )
        yield started


def ended_by(run_id: str) -> object:
    """Who ended it, as its trace says."""
    return EventRow.objects.get(run_id=run_id, kind="run.ended").data["by"]


def test_a_killed_run_closes_the_vendors_connection(stack: LiveStack, vendor: Vendor, page: Page) -> None:
    console = ConsolePage(page, stack)
    for number in range(KILLS):
        kill_in_mid_answer(console, stack, vendor, f"Look at order 1029, number {number} of this test.")
    assert HEARD in stack.log("worker"), "every kill was only found by polling"


def kill_in_mid_answer(console: ConsolePage, stack: LiveStack, vendor: Vendor, task: str) -> None:
    """Launch a run, and kill it while the vendor answers it."""
    run_id = console.launch(task, llm=LOOPING)
    stack.wait_for(lambda: vendor.open_streams() == 1, what="the vendor to be asked")
    opened = vendor.opened()
    console.kill("it goes in circles")
    stack.wait_for(
        lambda: task in vendor.hung_up_on(),
        what="the vendor's socket to be closed in the middle of its answer",
        seconds=HANGS_UP_WITHIN_SECONDS,
    )
    console.expect_state(run_id, "killed")
    assert vendor.hung_up_on().count(task) == 1
    assert (vendor.open_streams(), vendor.opened()) == (0, opened), "nothing is asked for after a kill"
    assert ended_by(run_id) == "worker"


def test_a_killed_run_is_charged_for_what_was_seen_and_holds_nothing(
    stack: LiveStack, vendor: Vendor, page: Page
) -> None:
    console = ConsolePage(page, stack)
    run_id = console.launch("Look at order 1029.", llm=LOOPING)
    stack.wait_for(lambda: vendor.open_streams() == 1, what="the vendor to be asked")
    console.kill("it goes in circles")
    console.expect_state(run_id, "killed")
    run = Run.objects.get(pk=run_id)
    assert run.kill_requested_by == "acme_operator"
    assert run.kill_acknowledged_at is not None
    assert run.reason == "Killed by acme_operator: it goes in circles"
    kinds = list(run.events.order_by("seq").values_list("kind", flat=True))
    assert kinds.index("kill.requested") < kinds.index("kill.acknowledged") < kinds.index("run.ended")
    assert "turn.started" not in kinds[kinds.index("kill.requested") :]
    hold = Hold.objects.of_run(run_id).get()
    assert hold.state == "settled"
    assert hold.unreconciled
    assert 0 < (hold.settled_nanos or 0) <= hold.amount_nanos
    assert verify() is None
