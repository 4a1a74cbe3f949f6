"""The head of a run's page keeps its places whatever becomes of the run, and a pause is taken back from its note."""

from typing import cast

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from agents.contracts.endings import RunState
from agents.contracts.events import EventKind
from agents.models import Run
from tests.flows.console_page import PATIENCE_MS, ConsolePage
from tests.flows.test_lossy_feed import made
from tests.flows.test_written_text import LAYOUT_SHIFTS, SIZES, tell, visit
from tests.harness.live_stack import LiveStack

pytestmark = [pytest.mark.flows, pytest.mark.either_database]
COURSE: list[tuple[RunState, str, str]] = [
    ("waiting_approval", "needs approval", "refund waits for a person's approval."),
    ("running", "running", ""),
    (
        "paused_budget",
        "paused at cap",
        "The budget of this run is $0.10, $0.0741 spent, and the next call may cost $0.08.",
    ),
    ("waiting_resolution", "outcome unknown", "Nobody knows whether send_email happened. A person has to say so."),
    ("running", "running", ""),
    ("completed", "completed", ""),
]
PLACES = """() => {
    const head = document.querySelector("#run-head");
    const parts = ["h1", ".sid", "[id$='-status']", ".figure", ".doing-line", "[id$='-cost']", ".meter"];
    return [head, ...head.querySelectorAll(parts)].map((el) => {
        const { x, y, height } = el.getBoundingClientRect();
        return [el.tagName, x, y - head.getBoundingClientRect().y, height];
    });
}"""
TWINS = """() => {
    window.pressed = [];
    for (const [name, shown] of [["unseen", "none"], ["first", ""], ["last", ""]]) {
        const button = document.querySelector("main").appendChild(document.createElement("button"));
        button.dataset.key = "y";
        button.style.display = shown;
        button.addEventListener("click", () => window.pressed.push(name));
    }
}"""
NEVER_A_STEP = "rehearsal:search+slow=600"


def become(run: Run, state: RunState, reason: str) -> None:
    """What a worker, or the person who lets it go on, would record of this state."""
    before = Run.objects.get(pk=run.pk)
    Run.objects.filter(pk=run.pk).update(
        state=state, reason=reason, doing="" if reason else "LLM rehearsal:search", severity=2, cost_nanos=74_100_000
    )
    if state == "completed":
        Run.objects.filter(pk=run.pk).update(ended_at=before.created_at)
    kind: EventKind = "run.ended" if state == "completed" else "run.resumed" if state == "running" else "run.paused"
    tell(run, kind, "", state=state, reason=reason)


@pytest.mark.parametrize("size", SIZES, ids=["wide", "phone"])
def test_the_head_of_a_run_stays_where_it_is_whatever_becomes_of_the_run(
    size: ViewportSize, live_stack: LiveStack, page: Page
) -> None:
    page.set_viewport_size(size)
    ConsolePage(page, live_stack)
    run = made()
    tell(run, "turn.started", "c" * 16)
    visit(page, live_stack, run)
    word = page.locator(f"#r-{run.pk}-status-word")
    expect(word).to_have_text("running")
    page.evaluate("document.fonts.ready")
    places = page.evaluate(PLACES)
    page.evaluate(LAYOUT_SHIFTS)
    for state, said, reason in COURSE:
        become(run, state, reason)
        expect(word).to_have_text(said, timeout=PATIENCE_MS)
        expect(page.locator("#run-head .run-name")).to_have_attribute("data-state", state)
        expect(page.locator("#run-head .doing-line")).to_contain_text(reason or ("LLM" if state == "running" else ""))
        assert page.evaluate(PLACES) == places
    moved = [shift for shift in cast("list[list[object]]", page.evaluate("window.shifts")) if "run-head" in str(shift)]
    assert moved == []


def test_a_pause_is_taken_back_from_its_note_by_mouse(live_stack: LiveStack, page: Page) -> None:
    ConsolePage(page, live_stack)
    run = made()
    visit(page, live_stack, run)
    page.get_by_role("button", name="Pause P").click()
    note = page.locator("[data-toast]", has_text="to pause before its next step")
    expect(note).to_be_visible()
    assert Run.objects.get(pk=run.pk).pause_requested_at is not None
    note.get_by_role("button", name="Undo").click()
    expect(page.locator("[data-toast]", has_text=f"Undone: run {run.short} goes on.")).to_be_visible()
    expect(page.get_by_role("button", name="Pause P")).to_be_visible()
    assert Run.objects.get(pk=run.pk).pause_requested_at is None


def test_a_resume_is_taken_back_from_its_note_by_keyboard(live_stack: LiveStack, page: Page) -> None:
    console = ConsolePage(page, live_stack)
    run = made()
    free = {"lease_owner": "", "lease_expires_at": None, "llm": NEVER_A_STEP}
    Run.objects.filter(pk=run.pk).update(state="paused", **free)
    visit(page, live_stack, run)
    page.keyboard.press("P")
    note = page.locator("[data-toast]", has_text="goes on from its last step")
    expect(note.get_by_role("button", name="Undo")).to_be_visible()
    page.keyboard.press("z")
    expect(page.locator("[data-toast]", has_text=f"Undone: run {run.short} waits again")).to_be_visible()
    run.refresh_from_db()
    assert run.pause_requested_at is not None or run.state == "paused"
    console.kill("The test is over.")
    console.expect_state(run.pk, "killed")


def test_a_key_presses_the_first_in_sight_of_those_that_have_it(live_stack: LiveStack, page: Page) -> None:
    ConsolePage(page, live_stack)
    visit(page, live_stack, made())
    page.evaluate(TWINS)
    page.keyboard.press("y")
    assert page.evaluate("window.pressed") == ["first"]
