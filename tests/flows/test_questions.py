"""An operator's five first questions, each answered in so many clicks and keys from the page that is open anyway."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Locator, Page, expect

from agents import bell
from agents.contracts.events import EventKind
from agents.models import EventRow, Run
from tests.flows.console_page import PATIENCE_MS, ConsolePage
from tests.flows.test_lossy_feed import made
from tests.harness.live_stack import LiveStack

pytestmark = [pytest.mark.flows, pytest.mark.either_database]
SLUG = "acme"
CAP_NANOS = 100_000_000
DOWN = "The stock service is down: no answer."


class Hand:
    """Everything an operator does to the page goes through it and is counted; the letters of a reason are free."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.actions = 0

    def click(self, target: Locator) -> None:
        """One click."""
        self.actions += 1
        target.click()

    def press(self, key: str) -> None:
        """One key."""
        self.actions += 1
        self.page.keyboard.press(key)

    def write(self, text: str) -> None:
        """What only the operator can know."""
        self.page.keyboard.type(text)


@pytest.fixture(scope="module")
def screen(live_stack: LiveStack, browser: Browser) -> Iterator[Page]:
    """The signed-in operator's window."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    ConsolePage(page, live_stack)
    yield page
    context.close()


def watching(screen: Page, stack: LiveStack, path: str = "") -> Hand:
    """The page that is open when the question comes up."""
    screen.goto(f"{stack.base_url}/t/{SLUG}/{path}")
    expect(screen.locator("html")).to_have_attribute("data-live", "live", timeout=PATIENCE_MS)
    return Hand(screen)


def begun(*, spent_percent: int, seconds_ago: int = 60, **fields: object) -> Run:
    """A run at work that has spent so much of its cap in so many seconds."""
    run = made()
    given = {
        "cap_nanos": CAP_NANOS,
        "cost_nanos": CAP_NANOS * spent_percent // 100,
        "started_at": timezone.now() - timedelta(seconds=seconds_ago),
        **fields,
    }
    Run.objects.filter(pk=run.pk).update(**given)
    run.refresh_from_db()
    return run


def tell(run: Run, *said: tuple[EventKind, dict[str, object]]) -> None:
    """Events of a run, and the hint that they are there."""
    for kind, given in said:
        data = dict(given)
        span = str(data.pop("span", ""))
        parent = str(data.pop("parent", ""))
        took = 20 if kind.endswith(".ended") else None
        EventRow.objects.create(
            run=run,
            seq=run.next_seq,
            kind=kind,
            at=timezone.now(),
            turn=1,
            span_id=span,
            parent_span_id=parent,
            duration_ms=took,
            data=data,
        )
        run.next_seq += 1
    Run.objects.filter(pk=run.pk).update(next_seq=run.next_seq)
    bell.ring_head(run.pk, run.tenant_id, run.next_seq)


def failed() -> Run:
    """A run that its tool's failure has ended."""
    run = begun(spent_percent=1)
    tell(
        run,
        ("turn.started", {"span": "a" * 16}),
        ("tool.started", {"span": "b" * 16, "tool": "stock", "call_id": "c1", "arguments": {"sku": "kettle"}}),
        ("attempt.started", {"span": "c" * 16, "parent": "b" * 16, "implementation": "live"}),
        (
            "attempt.ended",
            {
                "span": "c" * 16,
                "parent": "b" * 16,
                "implementation": "live",
                "status": "failed",
                "error": "HTTP 503",
            },
        ),
        ("tool.ended", {"span": "b" * 16, "tool": "stock", "call_id": "c1", "status": "failed", "error": "HTTP 503"}),
        ("run.ended", {"state": "failed", "reason": DOWN}),
    )
    ended = {"state": "failed", "severity": 3, "errors_count": 1, "reason": DOWN, "ended_at": timezone.now()}
    Run.objects.filter(pk=run.pk).update(**ended, lease_owner="", lease_expires_at=None)
    run.refresh_from_db()
    return run


def rows(page: Page) -> list[str]:
    """The ids of the runs of the list, from above."""
    ids = page.locator("#rows > [data-row]").evaluate_all("all => all.map(row => row.id)")
    return [str(each).removeprefix("r-") for each in ids]


def test_is_anything_wrong_right_now_takes_nothing(live_stack: LiveStack, screen: Page) -> None:
    hand = watching(screen, live_stack)
    expect(screen.locator("#o-headline")).to_have_text("Nothing needs you")
    run = begun(spent_percent=95)
    tell(run, ("run.claimed", {"attempt": 1, "worker": "w1"}))
    expect(screen.locator(f"#n-cap-{run.pk}")).to_be_in_viewport(timeout=PATIENCE_MS)
    expect(screen.locator(f"#n-cap-{run.pk}")).to_contain_text("nears its cap")
    expect(screen.locator("#o-headline")).to_have_text(re.compile("^1 thing needs you"))
    assert hand.actions == 0


def test_which_run_burns_money_takes_one_click(live_stack: LiveStack, screen: Page) -> None:
    soon, later = begun(spent_percent=90), begun(spent_percent=50)
    worst = begun(spent_percent=40, severity=3)
    quiet = begun(spent_percent=1, seconds_ago=3_000)
    hand = watching(screen, live_stack)
    hand.click(screen.locator("#o-burn-panel").get_by_role("link", name="Burn"))
    expect(screen.locator("#runs-list h1")).to_have_text("Runs")
    order = rows(screen)
    assert quiet.pk not in order
    assert [each for each in order if each in {soon.pk, later.pk, worst.pk}] == [worst.pk, soon.pk, later.pk]
    assert order[0] == worst.pk
    assert hand.actions == 1
    Run.objects.filter(pk__in=[worst.pk, soon.pk, later.pk, quiet.pk]).update(state="completed")


def test_stopping_it_takes_two_keys_and_a_reason(live_stack: LiveStack, screen: Page) -> None:
    run = begun(spent_percent=60)
    hand = watching(screen, live_stack, f"runs/{run.pk}/")
    hand.press("K")
    expect(screen.get_by_role("dialog").get_by_label("Reason")).to_be_focused()
    hand.write("It goes in circles.")
    hand.press("Enter")
    expect(screen.get_by_role("dialog").get_by_label("Reason")).to_have_count(0)
    live_stack.wait_for(lambda: Run.objects.get(pk=run.pk).kill_requested_at, what="the kill to be written down")
    run.refresh_from_db()
    assert (run.kill_requested_by, run.kill_reason) == ("acme_operator", "It goes in circles.")
    assert hand.actions == 2


def test_why_takes_one_click(live_stack: LiveStack, screen: Page) -> None:
    run = failed()
    hand = watching(screen, live_stack, "runs/")
    hand.click(screen.locator(f"#r-{run.pk}").get_by_role("link"))
    cause = screen.locator("#run-side .findings > li").first
    expect(cause).to_contain_text("503")
    expect(cause).to_be_in_viewport()
    expect(screen.locator("#step [data-cause]")).to_be_in_viewport()
    expect(screen.locator("#step")).to_contain_text("kettle")
    assert hand.actions == 1


def test_what_else_is_affected_takes_one_click(live_stack: LiveStack, screen: Page) -> None:
    run, *others = [failed() for _ in range(4)]
    begun(spent_percent=1, severity=3)
    alike = set(Run.objects.filter(reason=DOWN).values_list("pk", flat=True))
    assert {each.pk for each in others} < alike
    hand = watching(screen, live_stack, f"runs/{run.pk}/")
    link = screen.get_by_role("listitem").filter(has_text="ended for the same reason").get_by_role("link")
    expect(link).to_have_text(f"{len(alike) - 1} other runs")
    hand.click(link)
    expect(screen.locator("#runs-list h1")).to_have_text("Runs")
    assert set(rows(screen)) == alike, "this run and the others, and no more"
    assert hand.actions == 1
