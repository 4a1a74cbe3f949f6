"""A bad day of the stock service in the browser: its chain falls over, the breaker opens, a run ends degraded."""

import pytest
from playwright.sync_api import Locator, Page, expect

from agents.library.support.drills import switch_service
from agents.models import Run, ToolHealth
from tests.flows.console_page import ConsolePage
from tests.harness.live_stack import LiveStack

pytestmark = [pytest.mark.flows, pytest.mark.either_database]

TASK = "Are KETTLE-17, JACKET-RN, LAMP-CAMP and BLANKET-W in stock?"
"""Four calls; a breaker opens from five on."""
LIVE, CACHED = "stock_live", "stock_cached"


class ToolPage:
    """The page of the stock tool in a tab of its own, never loaded again after it was opened."""

    def __init__(self, console: ConsolePage) -> None:
        self.page = console.page.context.new_page()
        self.page.goto(f"{console.base_url}/t/acme/tools/stock/")
        expect(self.page.locator("html")).to_have_attribute("data-live", "live")
        self.page.evaluate("window.sameDocument = true")

    def link(self, name: str) -> Locator:
        """The card of a link of the chain."""
        return self.page.locator(f'[id="l-stock/{name}"]')

    def expect_link(self, name: str, word: str, *, serves: bool) -> None:
        """Wait until the chain shows the link so."""
        expect(self.page.locator(f'[id="l-stock/{name}-word"]')).to_have_text(word)
        expect(self.page.locator(f'[id="l-stock/{name}-serves"]')).to_have_text("serves" if serves else "")

    def expect_state(self, word: str) -> None:
        expect(self.page.locator("#t-stock-status-word")).to_have_text(word)

    def press(self, verb: str, reason: str = "") -> None:
        """Press a button of the chain; with a reason, give it in the dialog that opens and go on."""
        self.page.get_by_role("button", name=verb, exact=True).click()
        if reason:
            dialog = self.page.get_by_role("dialog")
            dialog.get_by_label("Reason").fill(reason)
            dialog.get_by_role("button", name=verb.split()[0]).last.click()
            expect(dialog).to_be_hidden()


def test_a_broken_service_costs_detail_and_never_the_run(live_stack: LiveStack, page: Page) -> None:
    console = ConsolePage(page, live_stack, "admin")
    tool = ToolPage(console)
    tool.expect_state("no calls yet")

    switch_service(service="stock-live", failing=True)
    for _ in range(2):
        console.expect_state(console.launch(TASK), "completed")
        expect(page.locator("#trace-rows")).to_contain_text(f"fell back to {CACHED}")
        expect(page.locator("#run-answer")).to_contain_text("cached figure")
    tool.expect_state("on fallback")
    tool.expect_link(LIVE, "open", serves=False)
    tool.expect_link(CACHED, "closed", serves=True)
    expect(tool.link(LIVE)).to_contain_text("StockServiceDown")

    switch_service(service="stock-cached", failing=True)
    without = console.launch(TASK)
    console.expect_state(without, "degraded")
    page.locator("#trace-rows a", has_text="stock").first.click()
    expect(page.locator("#step").get_by_role("link", name="How stock stands now")).to_be_visible()
    expect(page.locator("#run-answer")).to_contain_text("stock count is unavailable")
    # Whoever opens it later is shown the first cause, and who else met it, without a click.
    page.goto(f"{console.base_url}/t/acme/runs/{without}/")
    expect(page.locator("#step")).to_contain_text("StockServiceDown")
    expect(page.locator("#run-affected")).to_contain_text("met the trouble of stock")
    assert page.url.endswith(f"/{without}/")
    assert Run.objects.get(pk=without).missing == ["stock"]
    expect(tool.page.locator("#affected")).to_contain_text("went on without the tool")

    for service in ("stock-live", "stock-cached"):
        switch_service(service=service, failing=False)
    tool.press(f"Force {LIVE} closed…", "The warehouse says it is mended.")
    tool.expect_link(LIVE, "forced closed", serves=True)
    tool.expect_state("forced")
    tool.press(f"Let go of {LIVE}…", "It has answered.")
    tool.press(f"Probe {LIVE} now")
    tool.expect_link(LIVE, "closed", serves=True)
    tool.expect_state("ok")
    assert ToolHealth.objects.get(link=f"stock/{LIVE}").forced == ""
    assert tool.page.evaluate("window.sameDocument"), "the page was loaded again"
