"""Starts a stack, lets agents work on it, and takes each screen in both themes, on a wide window and on a phone."""

from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

from tests.harness.browser import chromium
from tests.harness.databases import StackDatabases
from tests.harness.live_stack import LiveStack
from tests.screens import shown
from tests.screens.desk import fill, open_desk
from tests.screens.palette import with_palette
from tests.screens.shown import Prepare, Screens

WINDOWS: dict[str, ViewportSize] = {
    "": {"width": 1440, "height": 900},
    "-phone": {"width": 390, "height": 844},
}
THEMES = ("dark", "light")


def take_all(*, var: Path, shots: Path) -> None:
    """All pictures, as `<screen>-<light|dark>[-phone].png` below ``shots``; ``var`` is the scratch stack's folder."""
    shots.mkdir(parents=True, exist_ok=True)
    (var / "template").mkdir()
    given = StackDatabases(server_url="", folder=var / "template").copy(var=var)
    fill(given)
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
    tenant = f"{stack.base_url}/t/acme/"
    found = shown.screens(open_desk(stack))
    _shoot_all({name: (tenant + below, prepare) for name, (below, prepare) in found.items()}, looks, shots)
    # Last, since a stop stands on every page of its tenant.
    receipt = _stop_the_agent(next(iter(looks.values())).pages[0], f"{tenant}runs/")
    _shoot_all({"kill-order": (receipt, shown.live), "stops": (f"{tenant}stops/", shown.live)}, looks, shots)


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
                page.wait_for_url("**/t/acme/**")
    return found


def _shoot(context: BrowserContext, address: str, target: Path, prepare: Prepare | None = None) -> None:
    page = context.pages[0]
    page.goto(address)
    if prepare:
        prepare(page)
    page.evaluate("document.fonts.ready")
    page.screenshot(path=target, animations="disabled")


def _stop_the_agent(page: Page, address: str) -> str:
    """Stop an agent as people do; returns the address of the receipt."""
    page.goto(address)
    shown.ask_to_stop(page)
    dialog = page.get_by_role("dialog")
    if dialog.locator(".phrase").count():
        dialog.get_by_label("to confirm").fill(dialog.locator(".phrase").inner_text())
    dialog.get_by_role("button", name="Stop the agent").click()
    page.wait_for_url("**/stops/*/", timeout=shown.PATIENCE_MS)
    return page.url
