"""An operator stops many runs at once and closes an agent to new ones, in the browser with a real worker."""

import pytest
from playwright.sync_api import Page, expect

from agents.models import KillOrder, Run, Switch
from tests.flows.console_page import PATIENCE_MS, ConsolePage
from tests.harness.live_stack import LiveStack

pytestmark = [pytest.mark.flows, pytest.mark.either_database]
SLOW = "rehearsal:support-triage+loop+slow=60"
RUNS = "/t/acme/runs/"
FILTER = f"{RUNS}?q=status:live+agent:support-triage"
MANY = 4
MARK = "window.stillTheSamePage = true"


def open_live(page: Page, stack: LiveStack, address: str) -> None:
    page.goto(f"{stack.base_url}{address}")
    expect(page.locator("html")).to_have_attribute("data-live", "live", timeout=PATIENCE_MS)


def kill_elsewhere(page: Page, stack: LiveStack, run_id: str) -> None:
    """What another person does comes to this page by its socket; it says so once it is so."""
    token = page.locator("input[name=csrfmiddlewaretoken]").first.input_value()
    fields: dict[str, str | float | bool] = {"reason": "by somebody else", "csrfmiddlewaretoken": token}
    assert page.request.post(f"{stack.base_url}{RUNS}{run_id}/kill/", form=fields, max_redirects=0).status == 302
    expect(page.locator(f"#r-{run_id}-status-word")).to_have_text("killed", timeout=PATIENCE_MS)


def confirm_the_count(page: Page) -> None:
    """Type a wrong count first: it is refused, and nothing is killed."""
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("#stop-hits")).to_contain_text(f"{MANY} live")
    dialog.get_by_label("Reason").fill("They go in circles.")
    dialog.get_by_label("to confirm").fill(f"kill {MANY - 1}")
    dialog.get_by_role("button", name=f"Kill {MANY} runs").click()
    expect(dialog.locator(".error")).to_have_text(f"Type kill {MANY}.")
    assert not KillOrder.objects.exists()
    dialog.get_by_label("to confirm").fill(f"kill {MANY}")


def test_all_that_match_are_killed_with_a_receipt(live_stack: LiveStack, page: Page) -> None:
    console = ConsolePage(page, live_stack)
    run_ids = [console.launch(f"Look at order {1001 + number}.", llm=SLOW) for number in range(MANY + 1)]
    other = console.launch("What belongs in a runbook?", llm="rehearsal:search+slow=60", agent="Search")
    working = Run.objects.filter(pk__in=[*run_ids, other], state="running")
    live_stack.wait_for(lambda: working.count() == MANY + 2, what="all runs to be at work")

    open_live(page, live_stack, FILTER)
    page.evaluate(MARK)
    for run_id in run_ids[:2]:
        page.locator(f"#r-{run_id}").focus()
        page.keyboard.press("x")
    expect(page.locator("[data-pick-count]")).to_have_text("2 selected")
    kill_elsewhere(page, live_stack, run_ids.pop())
    expect(page.locator("[data-pick-count]")).to_have_text("2 selected")
    expect(page.locator("tbody .pick input:checked")).to_have_count(2)
    page.locator("[data-pick-all]").click()
    expect(page.locator("tbody .pick input:checked")).to_have_count(MANY)
    page.locator("#pick-form").get_by_role("button", name="Kill…").click()
    confirm_the_count(page)
    assert page.evaluate("window.stillTheSamePage") is True
    page.get_by_role("dialog").get_by_role("button", name=f"Kill {MANY} runs").click()

    page.wait_for_url("**/stops/*/", timeout=PATIENCE_MS)
    order = KillOrder.objects.get()
    figures = page.locator(".order-figure")
    expect(figures).to_have_text([str(MANY)] * 3, timeout=PATIENCE_MS)
    expect(page.locator("#order")).to_contain_text("its worker")
    killed = Run.objects.filter(kill_order=order)
    assert set(killed.values_list("pk", "state", "kill_reason")) == {
        (run_id, "killed", "They go in circles.") for run_id in run_ids
    }
    assert not killed.filter(kill_acknowledged_at=None).exists()
    assert Run.objects.get(pk=other).state == "running"

    open_live(page, live_stack, f"{RUNS}{run_ids[0]}/")
    expect(page.locator("#kill-receipt")).to_contain_text("Ended by its worker.")
    open_live(page, live_stack, f"{RUNS}{other}/")
    console.kill("The test is over.")
    console.expect_state(other, "killed")


def test_an_agent_is_closed_to_launches_until_the_stop_is_lifted(live_stack: LiveStack, page: Page) -> None:
    console = ConsolePage(page, live_stack)
    run_id = console.launch("Look at order 1029.", llm=SLOW)
    console.expect_state(run_id, "running")
    page.keyboard.press("S")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("radio", name="This run")).to_be_checked()
    dialog.get_by_role("combobox", name="An agent").select_option("support-triage")
    expect(dialog.get_by_role("radio", name="An agent")).to_be_checked()
    expect(dialog.locator("#stop-hits")).to_contain_text("No run of the agent support-triage starts")
    dialog.get_by_label("Reason").fill("It refunds twice; see incident 88.")
    dialog.get_by_role("button", name="Stop the agent").click()
    page.wait_for_url("**/stops/*/", timeout=PATIENCE_MS)
    expect(page.locator(".order-figure").nth(2)).to_have_text("1", timeout=PATIENCE_MS)
    expect(page.locator("#stops-banner")).to_contain_text("Stopped: the agent support-triage.")

    page.goto(f"{live_stack.base_url}{RUNS}new/")
    expect(page.locator("#stops-banner")).to_contain_text("It refunds twice; see incident 88.")
    page.get_by_role("radio", name="Support triage").check()
    expect(page.locator("#beside")).to_contain_text("This launch would be refused")
    page.get_by_label("Task").fill("Where is order 1029?")
    page.get_by_role("button", name="Launch the run").click()
    expect(page.locator(".errors")).to_contain_text("It refunds twice; see incident 88.", timeout=PATIENCE_MS)
    assert Run.objects.filter(task="Where is order 1029?").count() == 0

    page.locator("#stops-banner").get_by_role("link", name="Stops").click()
    page.get_by_role("button", name="Lift the stop of the agent support-triage").click()
    dialog.get_by_label("Reason").fill("The fix is out.")
    dialog.get_by_role("button", name="Lift the stop").click()
    expect(page.locator("#stops")).to_contain_text("The fix is out.", timeout=PATIENCE_MS)
    assert not Switch.objects.on().exists()
    console.expect_state(console.launch("Where is order 1029?"), "completed")
