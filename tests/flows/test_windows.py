"""A long trace is scrolled through: windows come and go, no row is missed, and its end goes on live."""

import pytest
from playwright.sync_api import Page, expect

from agents.models import EventRow, Run
from tests.console.long_run import write_turns
from tests.flows.console_page import ConsolePage
from tests.flows.test_lossy_feed import made
from tests.flows.test_written_text import tell
from tests.harness.live_stack import LiveStack

pytestmark = [pytest.mark.flows, pytest.mark.either_database]
TURNS = 800
MOST_ROWS = 1_300
SEQS = "() => [...document.querySelectorAll('[data-follow] > [data-row]')].map((row) => Number(row.dataset.seq))"
TO = """() => [...document.querySelectorAll('[data-follow] > [data-row]:not([data-quiet="1"])')]
    .at(EDGE).scrollIntoView({ block: 'center' })"""
TO_START, TO_END = TO.replace("EDGE", "0"), TO.replace("EDGE", "-1")


@pytest.fixture(scope="module")
def run(live_stack: LiveStack) -> Run:
    assert live_stack.base_url
    run = made()
    write_turns(run, TURNS)
    return run


def seqs(page: Page) -> list[int]:
    """The events that made the rows which are there."""
    found: list[int] = page.evaluate(SEQS)
    return found


def scroll(page: Page, how: str, times: int) -> set[int]:
    """Scroll to that end so many windows long; returns all rows that were there meanwhile."""
    seen = set(seqs(page))
    for _ in range(times):
        before = seqs(page)
        page.evaluate(how)
        edge = 0 if how == TO_START else -1
        page.wait_for_function(
            f"([edge]) => {{ const s = ({SEQS})(); return s.at({edge}) !== edge; }}", arg=[before[edge]]
        )
        now = seqs(page)
        assert now == sorted(now), "rows are out of order"
        assert len(now) < MOST_ROWS
        seen |= set(now)
    return seen


def opened(page: Page, stack: LiveStack, run: Run, query: str = "") -> None:
    ConsolePage(page, stack)
    page.goto(f"{stack.base_url}/t/acme/runs/{run.pk}/{query}")
    expect(page.locator("html")).to_have_attribute("data-live", "live")


def made_rows(run: Run, first: int, last: int) -> set[int]:
    """The events that make rows, from one to another."""
    kinds = ["model.started", "tool.started", "attempt.started"]
    return set(EventRow.objects.filter(run=run, kind__in=kinds, seq__range=(first, last)).values_list("seq", flat=True))


def test_scrolling_up_brings_what_was_before_and_down_again_to_the_live_end(
    live_stack: LiveStack, run: Run, page: Page
) -> None:
    opened(page, live_stack, run)
    seen = scroll(page, TO_START, 8)
    assert seen >= made_rows(run, min(seen), max(seen))
    assert page.locator("#trace-part").count() == 1, "the live end was let go"
    tell(run, "tool.started", "a" * 16, tool="look_up", call_id="late")
    expect(page.locator("html")).to_have_attribute("data-live", "live")
    while page.locator("#trace-rows").count() == 0:
        scroll(page, TO_END, 1)
    expect(page.locator("#trace-rows > [data-row]").last).to_have_attribute("id", "s-" + "a" * 16)
    tell(run, "tool.started", "b" * 16, tool="look_up", call_id="later")
    expect(page.locator("#trace-rows > [data-row]").last).to_have_attribute("id", "s-" + "b" * 16)
    now = seqs(page)
    assert len(now) == len(set(now))
    assert set(now) >= made_rows(run, min(now), max(now))


def test_rows_come_live_while_what_was_before_is_read(live_stack: LiveStack, run: Run, page: Page) -> None:
    opened(page, live_stack, run)
    scroll(page, TO_START, 1)
    tell(run, "tool.started", "c" * 16, tool="look_up", call_id="late")
    expect(page.locator("#trace-rows > [data-row]").last).to_have_attribute("id", "s-" + "c" * 16)


def test_keys_go_through_windows_and_find_looks_through_all(live_stack: LiveStack, run: Run, page: Page) -> None:
    opened(page, live_stack, run, "?after=0")
    page.keyboard.press("j")
    for _ in range(30):
        page.keyboard.press("j")
    assert page.evaluate("document.activeElement.matches('[data-row]')")
    assert min(scroll(page, TO_END, 2)) < 20
    page.keyboard.press("/")
    page.keyboard.type("parcel 77")
    page.keyboard.press("Enter")
    expect(page.locator("#trace-part > tr:visible").first).to_contain_text("look_up")
