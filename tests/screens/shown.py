"""What is pictured: for each screen its address below the tenant's, and what is done there before the picture."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.screens.desk import Desk

PATIENCE_MS = 60_000
STEPS_SHOWN = 5
PHONE_PX = 640
Prepare = Callable[[Page], None]
Screens = dict[str, tuple[str, Prepare]]


def screens(desk: Desk) -> Screens:
    """All but the door, and but what only a stop brings about."""
    return {
        "run": (desk.running, open_the_step),
        "kill": (desk.running, ask_to_kill),
        "overview": ("", live),
        "wall": ("?wall=1", live),
        "run-degraded": (desk.degraded, live),
        "run-failed": (desk.failed, live),
        "run-killed": (desk.killed, live),
        "run-capped": (desk.capped, live),
        "runs": ("runs/", live),
        "runs-burning": ("runs/?view=burning", live),
        "compare": (desk.compared, live),
        "bulk-kill": ("runs/?q=status:live", choose_all),
        "stop": ("runs/", ask_to_stop),
        "palette": ("runs/", open_the_palette),
        "launch": ("runs/new/", press_the_example),
        "budgets": ("budgets/", live),
        "account": (desk.account, live),
        "holds": ("budgets/holds/", live),
        "limits": ("budgets/tiers/", live),
        "limit": ("budgets/tiers/edit/?surface=free-chat", ask_what_if),
        "proof": ("budgets/proof/", live),
        "tools": ("tools/", live),
        "tool": ("tools/stock/", see_who_was_hit),
        "approvals": ("approvals/", live),
        "approval": (desk.approval, live),
        "rules": ("approvals/rules/", live),
        "agents": ("agents/", live),
        "agent": ("agents/support-triage/", live),
        "actions": ("actions/", live),
        "prices": ("prices/", live),
        "secrets": ("secrets/", live),
        "people": ("people/", live),
        "settings": ("settings/", live),
        "peek": ("runs/?view=waiting", peek_at_the_first),
    }


def live(page: Page) -> None:
    """Wait until the page is fed."""
    expect(page.locator("html")).to_have_attribute("data-live", "live", timeout=PATIENCE_MS)


def see_who_was_hit(page: Page) -> None:
    """Wait until the runs that a tool's trouble met are counted."""
    live(page)
    expect(page.locator("#affected")).not_to_contain_text("Counting", timeout=PATIENCE_MS)


def open_the_step(page: Page) -> None:
    """Choose the step that fell back; on a phone its sheet would hide the trace."""
    live(page)
    page.locator("#trace-rows > tr").nth(STEPS_SHOWN - 1).wait_for(state="attached", timeout=PATIENCE_MS)
    if page.viewport_size and page.viewport_size["width"] > PHONE_PX:
        page.locator("#trace-rows a", has_text="stock").first.click()
        page.locator("#step .step-name").wait_for()


def ask_to_kill(page: Page) -> None:
    """Open the kill dialog, and give a reason."""
    live(page)
    page.locator('[data-key="K"]').first.click()
    page.get_by_role("dialog").get_by_label("Reason").fill("It looks up the wrong order.")


def choose_all(page: Page) -> None:
    """Choose all live runs, and ask to kill them."""
    live(page)
    page.locator("tbody .pick input").first.check()
    page.locator("[data-pick-all]").click()
    page.locator("#pick-form").get_by_role("button", name="Kill…").click()
    page.get_by_role("dialog").get_by_label("Reason").fill("They look up the wrong orders.")


def ask_to_stop(page: Page) -> None:
    """Open Stop… for an agent, and give a reason."""
    live(page)
    page.keyboard.press("S")
    page.get_by_role("combobox", name="An agent").select_option("support-triage")
    page.get_by_role("dialog").get_by_label("Reason").fill("It looks up the wrong orders.")


def open_the_palette(page: Page) -> None:
    """Ask the palette for something."""
    live(page)
    page.keyboard.press("Control+K")
    page.get_by_role("combobox").last.fill("st")
    found = page.get_by_role("dialog")
    expect(found).to_contain_text("Stops", timeout=PATIENCE_MS)
    expect(found).not_to_contain_text("Prices", timeout=PATIENCE_MS)


def peek_at_the_first(page: Page) -> None:
    """Look at a run beside the list, which a phone has no room for."""
    live(page)
    if page.viewport_size and page.viewport_size["width"] > PHONE_PX:
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        page.locator(".peek-body").wait_for()


def press_the_example(page: Page) -> None:
    """Take an agent's example as the task."""
    live(page)
    page.locator('[data-example-of="support-triage"]').click()
    expect(page.locator("#beside")).to_contain_text("Where is order 1029?", timeout=PATIENCE_MS)


def ask_what_if(page: Page) -> None:
    """Lower a limit, and see whom it would have stopped."""
    live(page)
    page.locator("#id_run_nanos").fill("0.01")
    expect(page.locator("#beside")).to_contain_text("This would have stopped", timeout=PATIENCE_MS)
