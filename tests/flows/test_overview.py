"""An operator's first look: a fresh trouble comes to an open Overview by itself, and a wall says when it is blind."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from agents.models import Run
from budgets.models import Tenant
from console.access.wall_links import make_wall_link
from tests.flows.console_page import ConsolePage
from tests.harness.freezing import frozen
from tests.harness.live_stack import LiveStack

pytestmark = [pytest.mark.flows, pytest.mark.either_database]
REFUND = "Refund order 1003, it arrived broken."
PATIENCE_MS = 60_000


def opened(page: Page, address: str) -> Page:
    """A page that is never loaded again after it was opened."""
    page.goto(address)
    expect(page.locator("html")).to_have_attribute("data-live", "live", timeout=PATIENCE_MS)
    page.evaluate("window.sameDocument = true")
    return page


def test_a_fresh_trouble_comes_to_the_open_page_and_goes_when_it_is_over(
    live_stack: LiveStack, page: Page, browser: Browser
) -> None:
    console = ConsolePage(page, live_stack)
    overview = opened(page.context.new_page(), f"{live_stack.base_url}/t/acme/")
    headline = overview.locator("#o-headline")
    expect(headline).to_have_text("Nothing needs you")
    link = make_wall_link(tenant=Tenant.objects.get(slug="acme"), place="office", actor="acme_admin")
    wall = opened(browser.new_context().new_page(), f"{live_stack.base_url}{link}")

    run_id = console.launch(REFUND)
    needs = overview.locator("#o-needs")
    expect(needs.get_by_role("link", name="refund waits for a yes", exact=True)).to_be_visible(timeout=PATIENCE_MS)
    expect(wall.locator("#w-needs")).to_contain_text("refund waits for a yes", timeout=PATIENCE_MS)
    approve = needs.get_by_role("link", name=re.compile("^Approve…"))
    console.page.goto(f"{live_stack.base_url}{approve.get_attribute('href')}")
    expect(console.page.get_by_role("heading", level=1)).to_have_text("Approve refund?")
    expect(overview.locator("#o-waiting")).to_have_text("1")

    console.page.goto(f"{live_stack.base_url}/t/acme/runs/{run_id}/")
    console.kill("The customer has found it.")
    live_stack.wait_for(lambda: Run.objects.get(pk=run_id).ended, what="the run to stop")
    expect(headline).to_have_text("Nothing needs you", timeout=PATIENCE_MS)
    expect(needs).to_contain_text("since a run was killed", timeout=PATIENCE_MS)
    assert overview.evaluate("window.sameDocument"), "the page was loaded again"
    _blind(live_stack, wall)


def _blind(stack: LiveStack, wall: Page) -> None:
    """While the server says nothing, the wall says so in large letters, and no longer than that."""
    old = wall.locator("#wall-old")
    expect(old).to_be_hidden()
    with frozen(stack, "web"):
        expect(old).to_have_text(re.compile(r"^DATA OLD 00:\d\d$"), timeout=PATIENCE_MS)
        expect(old).to_be_visible()
    expect(old).to_be_hidden(timeout=PATIENCE_MS)
    assert wall.evaluate("window.sameDocument"), "the wall was loaded again"
