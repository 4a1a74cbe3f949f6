"""What somebody does within a part of a page goes on when that part is read again; what waits is told in the title."""

import pytest
from playwright.sync_api import Page, Route, ViewportSize, expect

from agents.models import Run
from tests.flows.console_page import HTMX_IS_LATE, ConsolePage
from tests.flows.test_lossy_feed import made
from tests.flows.test_written_text import LAYOUT_SHIFTS, SIZES, tell
from tests.harness.live_stack import LiveStack

pytestmark = [pytest.mark.flows, pytest.mark.either_database]
PROBE = """<div id="probe" data-live-region data-keep-order>
  <ul>{rows}</ul>
  <p>Ten of <em>these</em> words stay selected.</p>
  <select name="order"><option value="a">A</option><option value="b">B</option></select>
  <label><input type="radio" name="kind" value="x" checked>X</label>
  <label><input type="radio" name="kind" value="y">Y</label>
  <textarea name="note"></textarea><button type="button">One</button><button type="button">Two</button>
  <div class="box" tabindex="0"><div class="long">{count} long</div></div>
</div>"""
ROW = """<li data-row id="row-{name}"><details><summary>More of {name}</summary>{name}</details>
  <input type="checkbox" value="{name}"></li>"""
STYLE = ".box { height: 40px; overflow: auto } .long { height: 900px }"


def probe(*names: str) -> str:
    return PROBE.format(rows="".join(ROW.format(name=name) for name in names), count=len(names))


@pytest.fixture
def region(live_stack: LiveStack, page: Page) -> Page:
    """A page with a part in which there is something of everything."""
    ConsolePage(page, live_stack)
    expect(page.locator("html")).to_have_attribute("data-live", "live")
    page.evaluate("(html) => document.getElementById('main').insertAdjacentHTML('beforeend', html)", probe("a", "b"))
    page.evaluate(
        "(css) => { const s = new CSSStyleSheet(); s.replaceSync(css); document.adoptedStyleSheets = [s]; }", STYLE
    )
    return page


def read_again(page: Page, *names: str) -> None:
    """Have the part read again: the server has these rows now, in this order."""
    answer = f"<!doctype html><html><body>{probe(*names)}</body></html>"

    def answered(route: Route) -> None:
        route.fulfill(body=answer, content_type="text/html")

    page.route(page.url, answered)
    assert page.evaluate("document.querySelector('wf-live').reread('*')") is True
    page.unroute(page.url)


def rows(page: Page) -> list[str]:
    found: list[str] = page.locator("#probe [data-row]").evaluate_all("rows => rows.map((row) => row.id)")
    return found


def test_a_focus_without_an_id_and_choices_stay(region: Page) -> None:
    region.locator("#probe select").select_option("b")
    region.get_by_role("radio", name="Y").check()
    region.locator("#probe textarea").fill("half a sentence")
    region.get_by_role("button", name="Two").focus()
    read_again(region, "a", "b", "c")
    expect(region.get_by_role("button", name="Two")).to_be_focused()
    expect(region.locator("#probe select")).to_have_value("b")
    expect(region.get_by_role("radio", name="Y")).to_be_checked()
    expect(region.locator("#probe textarea")).to_have_value("half a sentence")
    assert rows(region) == ["row-a", "row-b", "row-c"]


def test_selected_words_and_scrolled_boxes_stay(region: Page) -> None:
    region.evaluate("""() => {
        const words = document.querySelector("#probe p");
        getSelection().setBaseAndExtent(words.firstChild, 0, words.lastChild, 6);
        document.querySelector("#probe .box").scrollTop = 120;
    }""")  # fmt: skip
    read_again(region, "b", "a")
    assert region.evaluate("getSelection().toString()") == "Ten of these words"
    assert region.evaluate("document.querySelector('#probe .box').scrollTop") == 120


@pytest.mark.parametrize("hold", ["#row-b input", "#row-b summary"])
def test_no_row_moves_while_one_is_chosen_or_open(region: Page, hold: str) -> None:
    region.locator(hold).click()
    region.mouse.move(0, 0)
    region.evaluate("document.activeElement.blur()")
    read_again(region, "c", "b", "a")
    assert rows(region) == ["row-a", "row-b", "row-c"]
    region.locator(hold).click()
    region.mouse.move(0, 0)
    region.evaluate("document.activeElement.blur()")
    read_again(region, "c", "b", "a")
    assert rows(region) == ["row-c", "row-b", "row-a"]


def test_who_types_is_left_alone(region: Page) -> None:
    region.locator("#probe textarea").fill("half a sent")
    read_again(region, "c")
    assert rows(region) == ["row-a", "row-b"]
    expect(region.locator("#probe textarea")).to_be_focused()


def test_the_title_says_how_many_things_wait_for_a_person(live_stack: LiveStack, page: Page) -> None:
    ConsolePage(page, live_stack)
    expect(page.locator("html")).to_have_attribute("data-live", "live")
    title = page.title()
    page.evaluate("document.getElementById('nav-count-v').textContent = '2'")
    page.evaluate("document.querySelector('wf-live').mark()")
    assert page.title() == f"(2) {title}"
    page.evaluate("document.getElementById('nav-count-v').textContent = ''")
    page.evaluate("document.querySelector('wf-live').mark()")
    assert page.title() == title


@pytest.mark.parametrize("size", SIZES, ids=["wide", "phone"])
def test_runs_that_change_move_nothing_in_the_list(live_stack: LiveStack, page: Page, size: ViewportSize) -> None:
    page.set_viewport_size(size)
    found: list[Run] = [made() for _ in range(4)]
    ConsolePage(page, live_stack)
    expect(page.locator("html")).to_have_attribute("data-live", "live")
    page.evaluate(LAYOUT_SHIFTS)
    for number in range(3):
        for run in found:
            tell(run, "turn.started", f"{number:016x}")
            Run.objects.filter(pk=run.pk).update(
                turn=number + 1,
                steps_count=10 ** (number + 1),
                cost_nanos=123_456_789 * 10**number,
                doing=f"step {number}",
            )
            tell(run, "tool.started", f"{number:015x}a", tool="look_up")
        for run in found:
            expect(page.locator(f"#r-{run.pk}-steps")).to_have_text(f"{10 ** (number + 1):,}")
    assert page.evaluate("window.shifts") == []


def test_a_kill_that_is_asked_for_before_htmx_is_there_is_served_by_it(live_stack: LiveStack, page: Page) -> None:
    ConsolePage(page, live_stack)
    page.add_init_script(HTMX_IS_LATE)
    page.goto(f"{live_stack.base_url}/t/acme/runs/{made().pk}/")
    page.keyboard.press("K")
    expect(page.locator('[data-key="K"]')).not_to_have_attribute("data-htmx-powered", "true")
    page.evaluate("window.letGo()")
    expect(page.get_by_role("dialog").get_by_label("Reason")).to_be_visible()
