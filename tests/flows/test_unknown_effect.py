"""A worker dies in a call without a key: a person says in the browser what became of it, and the run completes."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from agents.library.sync import keep_version
from agents.models import Effect, Run
from budgets.prices import set_price
from budgets.pricing import Rates
from tests.agents import post_room
from tests.agents.post_room import FarEnd
from tests.flows.console_page import ConsolePage
from tests.harness.fixtures import MakeStack
from tests.harness.live_stack import LiveStack

pytestmark = [pytest.mark.flows, pytest.mark.either_database]


@pytest.fixture
def stack(make_stack: MakeStack) -> LiveStack:
    started = make_stack(WATCHFLOOR_LIBRARY=post_room.__name__)
    for spec in post_room.AGENTS:
        keep_version(spec=spec)
    set_price(
        llm=post_room.LLM,
        rates=Rates.flat(input=2 * 10**9, output=8 * 10**9),
        effective_from=datetime(2026, 1, 1, tzinfo=UTC),
        created_by="test",
    )
    return started


def test_a_run_goes_on_with_what_a_person_says_of_a_call_that_nobody_heard_of(stack: LiveStack, page: Page) -> None:
    far_end = FarEnd(stack.var)
    far_end.hang.touch()
    console = ConsolePage(page, stack, "acme_approver")
    run_id = console.launch("shout ann", agent="Post room")
    stack.wait_for(lambda: far_end.lines("ann"), what="the call to have happened")
    stack.kill("worker")
    far_end.hang.unlink()
    Run.objects.filter(pk=run_id).update(lease_expires_at=datetime.now(UTC) - timedelta(seconds=1))
    stack.start("worker")
    console.expect_state(run_id, "outcome unknown")
    panel = page.get_by_role("region", name="Did shout happen?")
    expect(panel).to_contain_text("Its worker died")
    expect(panel.get_by_label("What it gave")).to_be_hidden()
    panel.get_by_role("radio", name="It happened").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.type('{"sent_to": "ann", "seen": "in the outbox"}')
    page.keyboard.press("Tab")
    page.keyboard.type("I looked into the outbox.")
    page.keyboard.press("Enter")
    console.expect_state(run_id, "completed")
    expect(panel).to_have_count(0)
    expect(page.locator("#run-answer")).to_contain_text("in the outbox")
    effect = Effect.objects.get(run_id=run_id)
    assert (effect.outcome, effect.resolved_by) == ("happened", "acme_approver")
    assert far_end.came("ann") == 1
