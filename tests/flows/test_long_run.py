"""An operator looks at a run of many turns: its end goes on live, what came before stays as it is."""

import json
from datetime import timedelta

import pytest
import redis
from django.utils import timezone
from playwright.sync_api import APIResponse, Page, Route, WebSocket, expect

from agents.bell import HEADS
from agents.models import Agent, EventRow, Run
from budgets.models import Surface, Tenant
from tests.console.long_run import write_turns
from tests.flows.console_page import PATIENCE_MS, ConsolePage
from tests.flows.test_written_text import LAYOUT_SHIFTS
from tests.harness.live_stack import LiveStack

pytestmark = [pytest.mark.flows, pytest.mark.either_database, pytest.mark.takes(100)]
TURNS = 1_000
TURNS_AT_ONCE, NEARLY_FULL = 28, 930
"""A page keeps a thousand rows; the last ones come one by one, so that some stay in view when those far above go."""
# Both at one moment: the page may read its regions again between two questions.
LINK_AND_ROWS = """() => [
    document.getElementById("trace-earlier").getAttribute("href").replace("?before=", ""),
    ...[...document.querySelectorAll("#trace-rows > tr")].map((row) => row.dataset.seq),
].map(Number)"""
LATE_LOTS = 3
"""So much that it fills no frame: who asked for it at once would be told to read the whole page again."""
TWO_FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
ROWLESS_AT_START = 3
"""Events at the start of a turn that make no row of their own: a part that the server cut begins with them."""


@pytest.fixture(scope="module")
def run(live_stack: LiveStack) -> Run:
    """A run that some worker holds for the length of these tests."""
    assert live_stack.base_url
    tenant = Tenant.objects.get(slug="acme")
    agent = Agent.objects.get(name="support-triage")
    assert agent.current is not None
    made = Run.objects.create(
        tenant=tenant,
        surface=Surface.objects.get(tenant=tenant, slug="free-chat"),
        version=agent.current,
        agent_name=agent.name,
        task="Where is order 1029? It is late.",
        llm="rehearsal:search",
        state="running",
        epoch=1,
        lease_owner="elsewhere",
        lease_expires_at=timezone.now() + timedelta(hours=1),
        attempts=1,
        launched_by="acme_operator",
        cap_nanos=5 * 10**9,
        started_at=timezone.now() - timedelta(seconds=TURNS),
    )
    write_turns(made, TURNS)
    return made


def tell(run: Run, span: str) -> None:
    """One more step, as its worker would commit it."""
    run.refresh_from_db()
    data = {"tool": f"tool_{span}", "call_id": span}
    EventRow.objects.create(
        run=run, seq=run.next_seq, kind="tool.started", at=timezone.now(), turn=TURNS, span_id=span, data=data
    )
    Run.objects.filter(pk=run.pk).update(next_seq=run.next_seq + 1, turn=run.turn + 1)


def opened(page: Page, stack: LiveStack, run: Run) -> ConsolePage:
    console = ConsolePage(page, stack)
    page.goto(f"{stack.base_url}/t/acme/runs/{run.pk}/")
    expect(page.locator("html")).to_have_attribute("data-live", "live")
    return console


def test_new_steps_come_to_the_end_of_the_run_and_not_to_a_window_before_it(
    live_stack: LiveStack, run: Run, page: Page
) -> None:
    opened(page, live_stack, run)
    tell(run, "aaaa")
    expect(page.locator("#trace-rows > #s-aaaa")).to_be_attached(timeout=PATIENCE_MS)
    page.get_by_role("link", name="↑ Earlier steps").click()
    expect(page.locator("#trace-part")).to_be_attached()
    before = page.locator("#trace-part > tr").count()
    tell(run, "bbbb")
    expect(page.locator(f"#r-{run.pk}-turn")).to_have_text(f"{run.turn + 1:,}")  # the page has had it
    assert page.locator("#s-bbbb").count() == 0
    expect(page.locator("#trace-part > tr")).to_have_count(before)
    page.get_by_role("link", name="Newest steps").click()
    expect(page.locator("#trace-rows > #s-bbbb")).to_be_attached()
    page.go_back()
    expect(page.locator("#trace-part > tr")).to_have_count(before)


def test_a_filter_looks_through_the_whole_run_and_goes_on_live(live_stack: LiveStack, run: Run, page: Page) -> None:
    opened(page, live_stack, run)
    page.get_by_role("link", name="Errors").click()
    expect(page.locator(".trace-row:visible").first).to_contain_text("look_up")
    assert page.locator(".trace-row:visible").count() == 2 * TURNS // 50
    page.get_by_role("navigation", name="Show steps").get_by_role("link", name="Tools").click()
    tell(run, "cccc")
    expect(page.locator("#trace-rows > #s-cccc")).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_label("Search all steps").fill("parcel 77")
    page.keyboard.press("Enter")
    expect(page.locator("#trace-part > tr:visible").first).to_contain_text("look_up")
    assert "q=parcel" in page.url


def test_a_step_that_comes_while_a_part_is_on_its_way_is_not_lost(live_stack: LiveStack, run: Run, page: Page) -> None:
    opened(page, live_stack, run)
    on_the_way: list[tuple[Route, APIResponse]] = []
    page.route("**/?show=tool", lambda route: on_the_way.append((route, route.fetch())))
    page.get_by_role("navigation", name="Show steps").get_by_role("link", name="Tools").click()
    while not on_the_way:  # what is answered must be read before the step is there
        page.wait_for_timeout(20)
    tell(run, "dddd")
    expect(page.locator("#trace-rows > #s-dddd")).to_be_attached(timeout=PATIENCE_MS)
    (route, answer) = on_the_way[0]
    assert "s-dddd" not in answer.text()
    route.fulfill(response=answer)
    expect(page.get_by_role("navigation", name="Show steps").get_by_role("link", name="Tools")).to_have_attribute(
        "aria-current", "true"
    )
    expect(page.locator("#trace-rows > #s-dddd")).to_be_visible(timeout=PATIENCE_MS)


def test_what_was_read_late_is_brought_up_to_date_by_what_the_page_has_shown(
    live_stack: LiveStack, run: Run, page: Page
) -> None:
    opened(page, live_stack, run)
    sockets: list[WebSocket] = []
    page.on("websocket", lambda socket: sockets.append(socket))
    page.evaluate("window.rows = document.getElementById('trace-rows')")
    on_the_way: list[tuple[Route, APIResponse]] = []
    page.route(page.url, lambda route: on_the_way.append((route, route.fetch())))
    page.evaluate("() => { document.querySelector('wf-live').reread('state'); }")
    while not on_the_way:  # what is answered must be read before the turns are there
        page.wait_for_timeout(20)
    for _ in range(LATE_LOTS):
        grow(live_stack, run, turns=TURNS_AT_ONCE)
        expect(page.locator("#trace-rows > tr").last).to_have_attribute("id", last_row(run), timeout=PATIENCE_MS)
    (route, answer) = on_the_way[0]
    turn, newest = page.locator(f"#r-{run.pk}-turn"), f"{run.turn:,}"
    expect(turn).to_have_text(newest)
    assert last_row(run) not in answer.text()
    turn.evaluate("(cell) => { window.replaced = cell; }")
    route.fulfill(response=answer)
    page.wait_for_function("() => !window.replaced.isConnected")
    expect(turn).to_have_text(newest)
    assert page.evaluate("document.getElementById('trace-rows') === window.rows"), "the trace was read again"
    assert sockets == []


def test_a_cause_from_long_ago_leads_to_its_step(live_stack: LiveStack, run: Run, page: Page) -> None:
    opened(page, live_stack, run)
    page.get_by_role("link", name="turn 50", exact=True).first.click()
    expect(page.locator(f"#s-{50:08x}c")).to_be_visible()
    expect(page.locator("#step")).to_contain_text("parcel 50")


def test_a_burst_is_read_again_rather_than_sent(live_stack: LiveStack, run: Run, page: Page) -> None:
    opened(page, live_stack, run)
    grow(live_stack, run, turns=400)
    expect(page.locator("#trace-rows > tr").last).to_have_attribute("id", last_row(run), timeout=PATIENCE_MS)
    assert page.locator("#trace-rows > tr").count() < 300


def test_a_page_that_follows_lets_go_of_rows_far_above(live_stack: LiveStack, run: Run, page: Page) -> None:
    opened(page, live_stack, run)
    page.evaluate(LAYOUT_SHIFTS)
    most = 0
    while page.locator("#trace-rows > tr").count() >= most:
        most = page.locator("#trace-rows > tr").count()
        grow(live_stack, run, turns=TURNS_AT_ONCE if most < NEARLY_FULL else 1)
        expect(page.locator("#trace-rows > tr").last).to_have_attribute("id", last_row(run), timeout=PATIENCE_MS)
    page.evaluate(TWO_FRAMES)  # a shift is told of after its frame
    assert page.evaluate("window.shifts") == [], "what was in view has moved"
    leads_to, *rows = page.evaluate(LINK_AND_ROWS)
    assert NEARLY_FULL < most < 1_100
    assert len(rows) < most, "rows far above are gone"
    assert rows == sorted(rows)
    assert rows[0] - ROWLESS_AT_START <= leads_to <= rows[0], (leads_to, rows[:4], len(rows), most)
    page.get_by_role("link", name="↑ Earlier steps").click()
    expect(page.locator("#trace-part > tr").last).to_be_attached()
    assert max(seqs(page, "#trace-part")) < int(page.url.rpartition("?before=")[2])


def grow(stack: LiveStack, run: Run, *, turns: int) -> None:
    """More turns, and the hint that they are there."""
    run.refresh_from_db()
    head = write_turns(run, turns)
    hint = json.dumps({"run": run.pk, "tenant": run.tenant_id, "head": head})
    with redis.Redis.from_url(stack.redis_url) as client:
        client.publish(HEADS, hint)


def last_row(run: Run) -> str:
    """The element of the row that the newest turn ended with."""
    return f"s-{run.turn:08x}a"


def seqs(page: Page, rows: str) -> list[int]:
    """The events that made the rows which are shown."""
    found: list[int] = page.locator(f"{rows} > tr").evaluate_all("rows => rows.map((row) => Number(row.dataset.seq))")
    return found
