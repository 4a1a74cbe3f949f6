"""Every page of the console in both themes, wide and on a phone: axe finds nothing, and nothing scrolls sideways."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.flows.console_page import HTMX_IS_LATE
from tests.flows.every_route import ELSEWHERE, MORE, PAGES, PARTS, SLUG, VERBS, fill, named_routes
from tests.harness.live_stack import LiveStack

pytestmark = [pytest.mark.flows, pytest.mark.either_database, pytest.mark.takes(170)]
WIDE: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
ALL: dict[str, object] = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
CONTRAST: dict[str, object] = {"resultTypes": ["violations"], "runOnly": ["color-contrast"]}
RESERVED = ["j", "k", "x", "g", "/", "Enter", " ", "Escape"]
SIDEWAYS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
KEYS = "all => all.filter(el => el.checkVisibility() && !el.hidden).map(el => el.dataset.key)"
LOOKS = [*PAGES, *MORE]


@pytest.fixture(scope="module")
def page(live_stack: LiveStack, browser: Browser) -> Iterator[Page]:
    """A person of the platform, who may see every page."""
    context = browser.new_context(viewport=WIDE)
    page = context.new_page()
    page.goto(live_stack.sign_in_url("admin"))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/all/")
    yield page
    context.close()


@pytest.fixture(scope="module")
def filled(live_stack: LiveStack, page: Page) -> dict[str, object]:
    """The rows that the pages show."""
    return fill(live_stack, page)


def test_every_route_is_looked_at_or_named_with_a_reason() -> None:
    known = [*PAGES, *VERBS, *PARTS, *ELSEWHERE]
    assert sorted(known) == sorted(named_routes())


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    look: str, live_stack: LiveStack, page: Page, filled: dict[str, object]
) -> None:
    path = PAGES[look].address(look, filled) if look in PAGES else f"/t/{SLUG}/{MORE[look].format(**filled)}"
    page.set_viewport_size(WIDE)
    answer = page.goto(live_stack.base_url + path)
    assert answer
    assert (answer.status == 404) == (look == "nothing here"), "on a page that is not there axe finds nothing"
    expect(page.locator(".htmx-request")).to_have_count(0)
    page.evaluate("document.fonts.ready")
    keys = page.locator("[data-key]").evaluate_all(KEYS)
    assert sorted(set(keys) - set(RESERVED)) == sorted(keys), "each key has one meaning on a page"
    found = {**at(page, "wide", "light", ALL), **at(page, "wide", "dark", CONTRAST)}
    page.set_viewport_size(PHONE)
    found |= {**at(page, "phone", "dark", ALL), **at(page, "phone", "light", CONTRAST)}
    assert {where: what for where, what in found.items() if what} == {}


def test_verbs_are_no_pages(live_stack: LiveStack, page: Page, filled: dict[str, object]) -> None:
    for route, names in VERBS.items():
        values = [filled[name] for name in names]
        path = reverse(route, args=values if route == "sign_out" else [SLUG, *values])
        assert page.request.get(live_stack.base_url + path).status == 405, route


@pytest.mark.usefixtures("filled")
def test_the_palette_leads_anywhere_without_a_mouse(live_stack: LiveStack, page: Page) -> None:
    page.set_viewport_size(WIDE)
    page.goto(f"{live_stack.base_url}/t/{SLUG}/prices/")
    page.goto(f"{live_stack.base_url}/t/{SLUG}/secrets/")
    page.keyboard.press("Control+k")
    field, chosen = (
        page.get_by_role("combobox", name="Find a page"),
        page.locator('[role=option][aria-selected="true"]'),
    )
    expect(chosen).to_have_text(re.compile("^Prices"))
    assert Axe().run(page, options=ALL).response["violations"] == []
    field.press_sequentially("hold")
    expect(chosen).to_have_text(re.compile("^Holds"))
    expect(field).to_have_attribute("aria-activedescendant", chosen.get_attribute("id") or "")
    field.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()
    page.keyboard.press("Control+k")
    field.press_sequentially("stop")
    expect(chosen).to_have_text(re.compile("^Stop…"))
    field.press("Enter")
    expect(page.get_by_role("heading", name="Stop…")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    field.press_sequentially("theme dark")
    expect(chosen).to_have_text("Theme: dark")
    field.press("Enter")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_fingers_faster_than_htmx_lose_nothing(live_stack: LiveStack, page: Page) -> None:
    page = page.context.new_page()
    page.add_init_script(HTMX_IS_LATE)
    page.goto(f"{live_stack.base_url}/t/{SLUG}/secrets/")
    page.keyboard.press("Control+k")
    expect(page.locator("#palette")).to_be_visible()
    expect(page.locator("#palette-form")).not_to_have_attribute("data-htmx-powered", "true")
    page.evaluate("window.letGo()")
    expect(page.locator('[role=option][aria-selected="true"]')).to_be_visible()
    page.close()


@pytest.mark.usefixtures("filled")
def test_what_has_no_room_in_the_bar_is_in_its_menu(live_stack: LiveStack, page: Page) -> None:
    page.goto(f"{live_stack.base_url}/t/{SLUG}/stops/")
    for width in (1440, 1100, 900, 700):
        page.set_viewport_size({"width": width, "height": 800})
        page.evaluate("new Promise(requestAnimationFrame)")
        in_bar = page.locator(".nav-links a:not([data-over])").all_inner_texts()
        in_menu = page.locator("[data-nav-more] a:not([hidden])").evaluate_all("all => all.map(a => a.textContent)")
        assert page.locator(".nav-links a").count() == len(in_bar) + len(in_menu), width
        assert not page.evaluate(SIDEWAYS), width
    page.locator("[data-nav-more] summary").click()
    page.locator("[data-nav-more]").get_by_role("link", name="Stops").click()
    page.wait_for_url("**/stops/")


@pytest.mark.usefixtures("filled")
def test_one_setting_makes_every_time_local(live_stack: LiveStack, browser: Browser) -> None:
    context = browser.new_context(viewport=WIDE, timezone_id="Asia/Tokyo")
    page = context.new_page()
    page.goto(live_stack.sign_in_url("admin"))
    page.get_by_role("button", name="Sign in").click()
    page.goto(f"{live_stack.base_url}/t/{SLUG}/stops/")
    told = page.locator("main time[data-abs]")
    before = told.first.get_attribute("data-abs") or ""
    page.get_by_label("Display settings").click()
    page.get_by_role("button", name="Local").click()
    expect(page.locator("[data-clock]")).to_have_text(re.compile("local$"))
    in_tokyo = datetime.strptime(before, "%Y-%m-%d %H:%M:%S.%f UTC") + timedelta(hours=9)
    expect(told.first).to_have_attribute("data-abs", re.compile(f"^{in_tokyo:%Y-%m-%d %H:%M:%S}.*local$"))
    assert told.evaluate_all("all => all.every(el => el.dataset.abs.endsWith(' local'))")
    context.close()


def at(page: Page, size: str, theme: str, options: dict[str, object]) -> dict[str, list[str]]:
    """What axe finds at this size in this theme, and whether the page is wider than its window."""
    page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
    violations = Axe().run(page, options=options).response["violations"]
    found = [f"{each['id']}: {node['target']} {node['html'][:160]}" for each in violations for node in each["nodes"]]
    if page.evaluate(SIDEWAYS):
        found.append("it scrolls sideways")
    return {f"{size}, {theme}": found}
