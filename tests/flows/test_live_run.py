"""An operator launches a run in the browser and watches each step arrive."""

import pytest
from playwright.sync_api import APIResponse, Page, Route, WebSocketRoute, expect

from agents.models import Run
from tests.flows.console_page import ConsolePage
from tests.harness.live_stack import LiveStack

pytestmark = pytest.mark.flows
TASK = "Where is order 1029? It is late."
SLOW = "rehearsal:support-triage+slow=1"
# Marks the document: a reload or a navigation would lose it.
MARK = "window.stillTheSamePage = true"
READS_WHEN_ASKED = "() => { document.querySelector('wf-live').regions.rereadSoon = () => {}; }"
"""The page reads nothing again of its own accord, so that what is on its way is what a person asked for."""


@pytest.mark.either_database
def test_steps_arrive_by_socket_without_reload(live_stack: LiveStack, page: Page) -> None:
    frames: list[str | bytes] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: frames.append(frame)))
    console = ConsolePage(page, live_stack)
    run_id = console.launch(TASK, llm=SLOW)
    page.evaluate(MARK)
    console.expect_steps(6)
    console.expect_state(run_id, "completed")
    assert page.evaluate("window.stillTheSamePage") is True
    lots = sum('"op":"append"' in str(frame) for frame in frames)
    assert lots >= 2, f"rows came in {lots} lots"
    expect(page.locator(f"#r-{run_id}-answer")).to_contain_text("Order 1029")


@pytest.mark.either_database
def test_a_live_page_equals_a_reloaded_one(live_stack: LiveStack, page: Page) -> None:
    console = ConsolePage(page, live_stack)
    run_id = console.launch(TASK, llm=SLOW)
    console.expect_state(run_id, "completed")
    live = page.locator("#trace-rows").inner_text()
    page.reload()
    assert page.locator("#trace-rows").inner_text() == live


def test_a_cut_socket_leaves_no_gap_and_nothing_twice(live_stack: LiveStack, page: Page) -> None:
    sockets: list[WebSocketRoute] = []
    frames: list[str | bytes] = []

    def between(route: WebSocketRoute) -> None:
        server = route.connect_to_server()
        sockets.append(route)

        def pass_on(message: str | bytes) -> None:
            frames.append(message)
            route.send(message)

        server.on_message(pass_on)

    page.route_web_socket("**/live/**", between)
    console = ConsolePage(page, live_stack)
    before = len(sockets)
    run_id = console.launch(TASK, llm=SLOW)
    page.evaluate(MARK)
    console.expect_steps(2)
    sockets[-1].close(code=1012, reason="cut by the test")
    console.expect_steps(4)
    console.expect_state(run_id, "completed")
    assert len(sockets) >= before + 2, "the page did not come back by a new socket"
    assert page.evaluate("window.stillTheSamePage") is True
    live = console.steps()
    page.reload()
    assert console.steps() == live
    assert len(live) == len(set(live))


@pytest.mark.either_database
def test_the_list_shows_a_new_run_behind_its_pill(live_stack: LiveStack, page: Page) -> None:
    console = ConsolePage(page, live_stack)
    console.launch(TASK)
    page.goto(f"{live_stack.base_url}/t/acme/runs/")
    expect(page.locator("html")).to_have_attribute("data-live", "live")
    page.evaluate(MARK)
    newest = launched(live_stack)
    page.locator("[data-pill]").click()
    console.expect_state(newest.id, "completed")
    assert page.evaluate("window.stillTheSamePage") is True


def test_a_run_that_begins_while_the_list_is_read_waits_behind_the_pill(live_stack: LiveStack, page: Page) -> None:
    ConsolePage(page, live_stack)
    expect(page.locator("html")).to_have_attribute("data-live", "live")
    page.evaluate(READS_WHEN_ASKED)
    pill = page.locator("[data-pill]")
    first = launched(live_stack)
    expect(pill).to_have_text("1 new run · show (n)")
    on_the_way: list[tuple[Route, APIResponse]] = []
    page.route(page.url, lambda route: on_the_way.append((route, route.fetch())))
    pill.click()
    while not on_the_way:  # what is answered must be read before the second run is there
        page.wait_for_timeout(20)
    second = launched(live_stack)
    expect(pill).to_have_text("2 new runs · show (n)")
    (route, answer) = on_the_way[0]
    route.fulfill(response=answer)
    expect(page.locator(f"#r-{first.pk}")).to_be_visible()
    expect(pill).to_have_text("1 new run · show (n)")
    expect(page.locator(f"#r-{second.pk}")).to_have_count(0)
    page.unroute(page.url)
    pill.click()
    expect(page.locator(f"#r-{second.pk}")).to_be_visible()
    expect(pill).to_be_hidden()


def launched(stack: LiveStack) -> Run:
    """One more run, put before the workers by a command."""
    done = stack.manage("launch", "search", "How do we roll back a release?", "--tenant", "acme")
    assert done.returncode == 0, done.stderr
    return Run.objects.order_by("-created_at")[0]
