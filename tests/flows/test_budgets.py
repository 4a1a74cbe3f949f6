"""An operator watches money move, and tops up a run that has met its cap."""

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from agents.models import Run
from budgets.models import Account, Surface, Tenant
from budgets.periods import day_window, zone
from tests.flows.console_page import PATIENCE_MS, ConsolePage
from tests.harness.live_stack import LiveStack
from tests.tier_edit import limit

pytestmark = [pytest.mark.flows, pytest.mark.either_database]
BUDGETS = "/t/acme/budgets/"
MARK = "window.stillTheSamePage = true"
USD = 10**9
TOO_LITTLE = 6_000_000  # nano-USD: the first call fits, the whole run does not


def test_a_run_at_its_cap_goes_on_once_it_is_topped_up(live_stack: LiveStack, page: Page) -> None:
    limit(Surface.objects.get(tenant__slug="acme", slug="enterprise"), run_nanos=TOO_LITTLE, at_cap="pause")
    console = ConsolePage(page, live_stack, "acme_approver")
    run_id = console.launch("Where is order 1029? It is late.")
    console.expect_state(run_id, "paused at cap")
    page.evaluate(MARK)
    page.locator("#capped-top-up").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Amount").fill("0.50")
    expect(dialog.locator("#top-up-effect")).to_contain_text("1 run")
    dialog.get_by_label("Reason").fill("the customer waits")
    dialog.get_by_role("button", name="Top up").click()
    expect(page.locator(".toast")).to_contain_text("Topped up by $0.50. 1 run goes on.", timeout=PATIENCE_MS)
    console.expect_state(run_id, "completed")
    assert page.evaluate("window.stillTheSamePage") is True
    expect(page.locator("#capped-title")).to_have_count(0)
    run = Run.objects.get(pk=run_id)
    account = Account.objects.get(scope="run", subject=run_id)
    assert (account.spent_nanos, account.held_nanos) == (run.cost_nanos, 0)
    assert TOO_LITTLE < account.spent_nanos <= TOO_LITTLE + USD // 2


def test_figures_move_without_a_reload_and_no_row_moves_under_the_pointer(live_stack: LiveStack, page: Page) -> None:
    acme = Tenant.objects.get(slug="acme")
    for user, spent_nanos in (("mara", 4 * USD), ("wen", 3 * USD), ("ines", 2 * USD)):
        spent(acme, user, spent_nanos)
    ConsolePage(page, live_stack)
    page.goto(f"{live_stack.base_url}{BUDGETS}?by=user")
    expect(page.locator("html")).to_have_attribute("data-live", "live", timeout=PATIENCE_MS)
    page.evaluate(MARK)
    names = page.locator("#rows [data-column=name]")
    expect(names).to_have_text(["mara", "wen", "ines"])
    names.get_by_role("link", name="wen").focus()
    page.locator("#rows tr").nth(1).hover()
    spent(acme, "ines", 5 * USD)
    expect(page.locator("#rows")).to_contain_text("$5.00 / $5.00", timeout=PATIENCE_MS)
    expect(names).to_have_text(["mara", "wen", "ines"])
    assert page.evaluate("document.activeElement.textContent") == "wen"
    page.evaluate("document.activeElement.blur()")
    page.mouse.move(2, 2)
    expect(names).to_have_text(["ines", "mara", "wen"], timeout=PATIENCE_MS)
    assert page.evaluate("window.stillTheSamePage") is True


def spent(tenant: Tenant, user: str, nanos: int) -> None:
    """Let a user's day of five dollars show this."""
    day = day_window(timezone.now(), zone(tenant.timezone))
    shown = {"user": user, "window_start_at": day.start_at, "window_end_at": day.end_at}
    shown |= {"limit_nanos": 5 * USD, "first_limit_nanos": 5 * USD, "spent_nanos": nanos}
    Account.objects.update_or_create(tenant=tenant, scope="user_day", subject=user, window=day.key, defaults=shown)
