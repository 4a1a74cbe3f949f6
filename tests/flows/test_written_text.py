"""An operator reads what an LLM writes while it writes it, and then the recorded step."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect

from agents import bell
from agents.contracts.base import JsonObject
from agents.contracts.events import EventKind
from agents.models import EventRow, Run
from agents.writing import Piece, channel_of
from console.live.models import LiveEpoch
from tests.flows.console_page import PATIENCE_MS, ConsolePage
from tests.flows.test_lossy_feed import made
from tests.harness.live_stack import LiveStack

pytestmark = [pytest.mark.flows, pytest.mark.either_database]
SPAN, OTHER = "a" * 16, "b" * 16
HOSTILE = '<img src="x" onerror="window.stolen = 1"><script>window.stolen = 1</script>'
LINE = "One line of what the LLM has to say about the late order.\n"
SIZES: list[ViewportSize] = [{"width": 1440, "height": 900}, {"width": 390, "height": 844}]
LAYOUT_SHIFTS = """() => {
    window.shifts = [];
    new PerformanceObserver((list) => window.shifts.push(...list.getEntries().map(
        (entry) => [entry.value, ...entry.sources.map((source) => source.node?.outerHTML?.slice(0, 120) ?? "gone")],
    ))).observe({ type: "layout-shift", buffered: false });
}"""


@pytest.fixture
def run(live_stack: LiveStack) -> Run:
    """A run whose LLM has just been asked; the test is its worker."""
    assert LiveEpoch.current()
    assert live_stack.redis_url
    run = made()
    tell(run, "turn.started", "c" * 16)
    tell(run, "model.started", SPAN, llm="rehearsal:search", purpose="turn")
    return run


def tell(run: Run, kind: EventKind, span: str, **data: object) -> None:
    """One more event, and the hint that it is there."""
    run.refresh_from_db()
    said: JsonObject = {name: value for name, value in data.items() if isinstance(value, str | int)}
    lasted = 40 if kind.endswith(".ended") else None
    EventRow.objects.create(
        run=run, seq=run.next_seq, kind=kind, at=timezone.now(), turn=1, span_id=span, duration_ms=lasted, data=said
    )
    Run.objects.filter(pk=run.pk).update(next_seq=run.next_seq + 1)
    bell.ring_head(run.pk, run.tenant_id, run.next_seq)


def write(run: Run, at: int, text: str, *, span: str = SPAN) -> None:
    """What the worker sends while its LLM writes."""
    bell.publish([(channel_of(run.pk), Piece(span, 1, at, text).to_json())])


def opened(page: Page, stack: LiveStack, run: Run, query: str = "") -> Locator:
    """The run's page, listening; gives the block under the row of the LLM."""
    ConsolePage(page, stack)
    visit(page, stack, run, query)
    return page.locator(f"#s-{SPAN}-text")


def visit(page: Page, stack: LiveStack, run: Run, query: str = "") -> None:
    page.goto(f"{stack.base_url}/t/acme/runs/{run.pk}/{query}")
    expect(page.locator("html")).to_have_attribute("data-live", "live")
    channel = channel_of(run.pk)
    stack.wait_for(lambda: bell.listeners([channel])[channel] == 1, what="the console to listen")


@contextmanager
def another(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    try:
        yield context.new_page()
    finally:
        context.close()


def test_text_grows_under_its_row_and_in_its_panel_and_goes_when_the_step_is_recorded(
    live_stack: LiveStack, run: Run, page: Page
) -> None:
    block = opened(page, live_stack, run, f"?step={SPAN}")
    write(run, 0, "The order ")
    expect(block).to_have_text("The order ")
    expect(page.locator("#writing-status")).to_have_text("rehearsal:search is writing.")
    write(run, 10, f"is late {HOSTILE}")
    expect(block).to_contain_text(HOSTILE)
    expect(page.locator("#step [data-written]")).to_have_text(f"The order is late {HOSTILE}")
    assert page.evaluate("window.stolen") is None
    tell(run, "model.ended", SPAN, llm="rehearsal:search", status="ok", text="The order is late, and that is all.")
    expect(block).to_have_count(0)
    expect(page.locator("#step")).to_contain_text("The order is late, and that is all.")
    expect(page.locator("#step")).not_to_contain_text("still going")
    write(run, 0, "Too late ")
    tell(run, "model.started", OTHER, llm="rehearsal:search", purpose="turn")
    expect(page.locator(f"#s-{OTHER}")).to_be_visible()
    assert page.locator(".trace-text").count() == 0


def test_a_hole_is_shown_as_one_until_the_whole_comes(live_stack: LiveStack, run: Run, page: Page) -> None:
    block = opened(page, live_stack, run)
    write(run, 0, "The order ")
    write(run, 13, "late ")
    expect(block).to_have_text("…late ")
    write(run, 0, "The order is late ")
    expect(block).to_have_text("The order is late ")


def test_who_comes_later_sees_the_text_so_far(live_stack: LiveStack, run: Run, page: Page, browser: Browser) -> None:
    block = opened(page, live_stack, run)
    write(run, 0, "The order ")
    expect(block).to_have_text("The order ")
    with another(browser) as second:
        expect(opened(second, live_stack, run)).to_have_text("The order ")
        write(run, 10, "is late ")
        for each in (page, second):
            expect(each.locator(f"#s-{SPAN}-text")).to_have_text("The order is late ")


@pytest.mark.parametrize("size", SIZES, ids=["wide", "phone"])
def test_nothing_moves_but_what_grows(live_stack: LiveStack, run: Run, page: Page, size: ViewportSize) -> None:
    page.set_viewport_size(size)
    block = opened(page, live_stack, run)
    page.evaluate(LAYOUT_SHIFTS)
    for number in range(12):
        write(run, number * len(LINE), LINE)
        expect(block).to_have_text(LINE * (number + 1))
    tell(run, "model.ended", SPAN, llm="rehearsal:search", status="ok", text="Done.")
    expect(block).to_have_count(0)
    for number in range(24):
        spent = {"turn": number, "cost_nanos": 1_234_567 * 2**number, "input_tokens": 7 * 2**number}
        Run.objects.filter(pk=run.pk).update(doing=f"turn {number}", **spent)
        tell(run, "tool.started", f"{number:016x}", tool="look_up", call_id=f"c{number}")
        expect(page.locator(f"#s-{number:016x}")).to_be_visible()
        tell(run, "tool.ended", f"{number:016x}", status="ok")
        expect(page.locator(f"#s-{number:016x}-word")).to_have_text("ok")
    assert page.evaluate("window.shifts") == []


def test_a_worker_s_llm_is_read_while_it_writes_also_by_who_comes_again(live_stack: LiveStack, page: Page) -> None:
    console = ConsolePage(page, live_stack)
    run_id = console.launch("How do we roll back a release?", agent="Search", llm="rehearsal:search+slow=15")
    block = page.locator(".trace-text .written")
    expect(block).to_contain_text(" ", timeout=PATIENCE_MS)
    page.reload()
    expect(block).to_contain_text(" ", timeout=PATIENCE_MS)
    console.expect_state(run_id, "completed")
    expect(block).to_have_count(0)
