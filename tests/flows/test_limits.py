"""An admin edits a limit, sees what it would have done, hits it live, and the run goes on once it is topped up."""

import pytest
from playwright.sync_api import Page, expect

from agents.models import EventRow, Run, StepRow
from budgets.ledger import verify
from budgets.models import Account, Tier
from tests.flows.console_page import PATIENCE_MS, ConsolePage
from tests.harness.live_stack import LiveStack

pytestmark = [pytest.mark.flows, pytest.mark.either_database]
LOOPING = "rehearsal:support-triage+loop+slow=1"
CAP = "0.008"
# Marks the document: a reload or a navigation would lose it.
MARK = "window.stillTheSamePage = true"


def edit_the_cap(console: ConsolePage, stack: LiveStack) -> None:
    """A small cap on the enterprise surface, where a run then waits for a person."""
    page = console.page
    page.goto(f"{stack.base_url}/t/acme/budgets/tiers/")
    page.get_by_role("link", name="Edit the limits of Enterprise").click()
    page.locator("#id_run_nanos").fill(CAP)
    expect(page.locator("#beside")).to_contain_text("This would have stopped 1 run in the last 7 days")
    page.locator("#id_run_nanos").fill("0,008")
    expect(page.locator("#beside")).to_contain_text("Use a point for decimals")
    page.locator("#id_run_nanos").fill(CAP)
    expect(page.locator("#beside")).to_contain_text("This would have stopped 1 run in the last 7 days")
    page.get_by_label("Reason").fill("It loops at night.")
    page.get_by_role("button", name="Look it over").click()
    expect(page.locator("#beside")).to_contain_text("This would have stopped 1 run in the last 7 days")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".toast")).to_contain_text("Saved: the new limits of Enterprise hold.")


def top_up_in_place(page: Page) -> None:
    """More money from the page of the run that waits for it; a slip of the finger is refused at the field."""
    page.get_by_role("button", name="Top up…").click()
    dialog = page.locator("#dialog")
    dialog.get_by_label("Amount").fill("0,05")
    dialog.get_by_label("Reason").fill("The customer waits.")
    dialog.get_by_role("button", name="Top up", exact=True).click()
    expect(dialog).to_contain_text("Use a point for decimals")
    dialog.get_by_label("Amount").fill("0.05")
    expect(dialog).to_contain_text("1 run")
    dialog.get_by_role("button", name="Top up", exact=True).click()
    expect(dialog).to_be_hidden()


def test_an_edited_cap_is_seen_before_hit_live_and_topped_up(live_stack: LiveStack, page: Page) -> None:
    where = ("--tenant", "acme", "--surface", "enterprise", "--follow")  # to its end: what-if replays all its calls
    done = live_stack.manage("launch", "support-triage", "Where is order 1029?", *where)
    assert done.returncode == 0, done.stderr
    console = ConsolePage(page, live_stack, "acme_admin")
    edit_the_cap(console, live_stack)
    assert Tier.objects.get(tenant__slug="acme", surface__slug="enterprise").settings["run_nanos"] == 8_000_000

    run_id = console.launch("Look at order 1029, again and again.", llm=LOOPING)
    page.evaluate(MARK)
    console.expect_state(run_id, "paused at cap")
    run = Run.objects.get(pk=run_id)
    assert run.cost_nanos <= 8_000_000
    account = Account.objects.get(scope="run", subject=run_id)
    assert run.capped_account_id == account.pk
    done_before = StepRow.objects.filter(run=run).count()
    shown_before = len(console.steps())

    top_up_in_place(page)
    console.expect_steps(shown_before + 3)
    assert page.evaluate("window.stillTheSamePage") is True
    live_stack.wait_for(lambda: StepRow.objects.filter(run=run).count() > done_before, what="another step")
    numbers = list(StepRow.objects.filter(run=run).order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))
    kinds = list(EventRow.objects.filter(run=run).order_by("seq").values_list("kind", flat=True))
    resumed = kinds.index("run.resumed")
    assert kinds.index("hold.refused") < kinds.index("run.paused") < resumed
    assert "hold.placed" in kinds[resumed:]
    assert verify() is None


def test_an_edit_is_undone_from_the_note_that_follows_it(live_stack: LiveStack, page: Page) -> None:
    ConsolePage(page, live_stack, "acme_admin")
    page.goto(f"{live_stack.base_url}/t/acme/budgets/tiers/edit/?surface=internal-batch")
    page.locator("#id_max_turns").fill("3")
    page.get_by_label("Reason").fill("A slip of the finger.")
    page.get_by_role("button", name="Look it over").click()
    page.get_by_role("button", name="Save", exact=True).click()
    page.locator(".toast").get_by_role("button", name="Undo").click()
    page.wait_for_url("**/budgets/tiers/history/**", timeout=PATIENCE_MS)
    expect(page.locator("main")).to_contain_text("Turns of a run: 80 counted again")
    assert Tier.objects.get(tenant__slug="acme", surface__slug="internal-batch").settings["max_turns"] == 80
