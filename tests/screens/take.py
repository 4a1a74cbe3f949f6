"""Starts a stack, lets agents work on it, and takes each screen in both themes, on a wide window and on a phone."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from tests.harness.browser import chromium
from tests.harness.databases import StackDatabases
from tests.harness.live_stack import LiveStack
from tests.screens.desk import Desk
from tests.screens.palette import with_palette

WINDOWS: dict[str, ViewportSize] = {
    "": {"width": 1440, "height": 900},
    "-phone": {"width": 390, "height": 844},
}
THEMES = ("dark", "light")
STEPS_SHOWN = 7
PATIENCE_MS = 60_000
Screens = dict[str, tuple[str, Callable[[Page], None] | None]]


def take_all(*, var: Path, shots: Path) -> None:
    """All pictures, as `<screen>-<light|dark>[-phone].png` below ``shots``; ``var`` is the scratch stack's folder."""
    shots.mkdir(parents=True, exist_ok=True)
    (var / "template").mkdir()
    given = StackDatabases(server_url="", folder=var / "template").copy(var=var)
    stack = LiveStack(var=var, environment=given)
    try:
        stack.start()
        with chromium() as browser:
            _take(browser, stack, shots)
            # Only now: the runs in the pictures go on while they are taken.
            blank = browser.new_page()
            for picture in shots.glob("*.png"):
                picture.write_bytes(with_palette(blank, picture.read_bytes()))
    finally:
        stack.end()


def _take(browser: Browser, stack: LiveStack, shots: Path) -> None:
    for name, context in _contexts(browser, stack, signed_in=False).items():
        _shoot(context, f"{stack.base_url}/sign-in/", shots / f"sign-in-{name}.png")
    looks = _contexts(browser, stack, signed_in=True)
    operator = next(iter(looks.values())).pages[0]
    shown = f"{stack.base_url}/t/acme/runs/{Desk(operator, stack).fill()}/"
    stack.manage("verify_ledger")
    screens: Screens = {
        "run": (shown, _open_the_fallback),
        "kill": (shown, _ask_to_kill),
        "runs": (f"{stack.base_url}/t/acme/runs/", _live),
        "launch": (f"{stack.base_url}/t/acme/runs/new/", _press_the_example),
        "budgets": (f"{stack.base_url}/t/acme/budgets/", _live),
        "limits": (f"{stack.base_url}/t/acme/budgets/tiers/edit/?surface=free-chat", _ask_what_if),
        "proof": (f"{stack.base_url}/t/acme/budgets/proof/", None),
        "actions": (f"{stack.base_url}/t/acme/actions/", None),
        "prices": (f"{stack.base_url}/t/acme/prices/", None),
        "tools": (f"{stack.base_url}/t/acme/tools/", _live),
        "approvals": (f"{stack.base_url}/t/acme/approvals/", _live),
        "agents": (f"{stack.base_url}/t/acme/agents/", None),
        "agent": (f"{stack.base_url}/t/acme/agents/support-triage/", None),
        "secrets": (f"{stack.base_url}/t/acme/secrets/", None),
        "tool": (f"{stack.base_url}/t/acme/tools/stock/", _see_who_was_hit),
    }
    screens["bulk-kill"] = (f"{stack.base_url}/t/acme/runs/?q=status:live", _choose_all)
    screens["stop"] = (f"{stack.base_url}/t/acme/runs/", _ask_to_stop)
    _shoot_all(screens, looks, shots)
    # Last, since a stop stands on every page of its tenant.
    receipt = _stop_the_agent(operator, f"{stack.base_url}/t/acme/runs/")
    stops = f"{stack.base_url}/t/acme/stops/"
    _shoot_all({"kill-order": (receipt, _live), "stops": (stops, _live)}, looks, shots)


def _shoot_all(screens: Screens, looks: dict[str, BrowserContext], shots: Path) -> None:
    for screen, (address, prepare) in screens.items():
        for name, context in looks.items():
            _shoot(context, address, shots / f"{screen}-{name}.png", prepare)


def _contexts(browser: Browser, stack: LiveStack, *, signed_in: bool) -> dict[str, BrowserContext]:
    """A browser profile for each theme and window."""
    found = {}
    for theme in THEMES:
        for suffix, window in WINDOWS.items():
            context = browser.new_context(
                viewport=window, color_scheme="dark" if theme == "dark" else "light", has_touch=bool(suffix)
            )
            found[theme + suffix] = context
            page = context.new_page()
            if signed_in:
                page.goto(stack.sign_in_url("acme_admin"))
                page.get_by_role("button", name="Sign in").click()
                page.wait_for_url("**/t/acme/runs/")
    return found


def _shoot(context: BrowserContext, address: str, target: Path, prepare: Callable[[Page], None] | None = None) -> None:
    page = context.pages[0]
    page.goto(address)
    if prepare:
        prepare(page)
    page.evaluate("document.fonts.ready")
    page.screenshot(path=target, animations="disabled")


def _live(page: Page) -> None:
    expect(page.locator("html")).to_have_attribute("data-live", "live", timeout=PATIENCE_MS)


def _see_who_was_hit(page: Page) -> None:
    _live(page)
    expect(page.locator("#affected")).not_to_contain_text("Counting", timeout=PATIENCE_MS)


def _open_the_fallback(page: Page) -> None:
    _live(page)
    page.locator("#trace-rows > tr").nth(STEPS_SHOWN - 1).wait_for(state="attached", timeout=PATIENCE_MS)
    if page.viewport_size and page.viewport_size["width"] > 640:
        page.locator("#trace-rows a", has_text="stock").first.click()
        page.locator("#step .step-name").wait_for()


def _ask_to_kill(page: Page) -> None:
    _live(page)
    page.locator('[data-key="K"]').click()
    page.get_by_role("dialog").get_by_label("Reason").fill("It looks up the wrong order.")


def _choose_all(page: Page) -> None:
    _live(page)
    page.locator("tbody .pick input").first.check()
    page.locator("[data-pick-all]").click()
    page.locator("#pick-form").get_by_role("button", name="Kill…").click()
    page.get_by_role("dialog").get_by_label("Reason").fill("They look up the wrong orders.")


def _ask_to_stop(page: Page) -> None:
    _live(page)
    page.locator('[data-key="S"]').click()
    page.get_by_role("combobox", name="An agent").select_option("support-triage")
    page.get_by_role("dialog").get_by_label("Reason").fill("It looks up the wrong orders.")


def _stop_the_agent(page: Page, address: str) -> str:
    """Stop an agent as people do; returns the address of the receipt."""
    page.goto(address)
    _ask_to_stop(page)
    dialog = page.get_by_role("dialog")
    if dialog.locator(".phrase").count():
        dialog.get_by_label("to confirm").fill(dialog.locator(".phrase").inner_text())
    dialog.get_by_role("button", name="Stop the agent").click()
    page.wait_for_url("**/stops/*/", timeout=PATIENCE_MS)
    return page.url


def _press_the_example(page: Page) -> None:
    page.locator('[data-example-of="support-triage"]').click()
    expect(page.locator("#beside")).to_contain_text("Where is order 1029?", timeout=PATIENCE_MS)


def _ask_what_if(page: Page) -> None:
    page.locator("#id_run_nanos").fill("0.01")
    expect(page.locator("#beside")).to_contain_text("This would have stopped", timeout=PATIENCE_MS)
