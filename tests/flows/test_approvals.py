"""People decide on calls in the browser: from a phone with an edit, two together, and the run goes on at once."""

import statistics
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize, expect

from agents.approvals.deciding import decide
from agents.approvals.rule_edits import RuleText, add_rule, switch_rule
from agents.library.models import OutboxMessage
from agents.models import Approval, Run
from agents.sweeper import JITTER, SWEEP_SECONDS
from budgets.models import Tenant
from tests.flows.console_page import ConsolePage
from tests.harness.live_stack import LiveStack

pytestmark = [pytest.mark.flows, pytest.mark.either_database]
WIDE: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
AT_THE_NEXT_SWEEP_SECONDS = SWEEP_SECONDS * (1 - JITTER)


@contextmanager
def person(browser: Browser, stack: LiveStack, username: str, size: ViewportSize = WIDE) -> Iterator[ConsolePage]:
    """Somebody with a browser of their own."""
    context = browser.new_context(viewport=size, has_touch=size is PHONE)
    try:
        yield ConsolePage(context.new_page(), stack, username)
    finally:
        context.close()


def waiting(stack: LiveStack, run_id: str) -> Approval:
    """The approval that a run waits for."""
    stack.wait_for(
        lambda: Run.objects.filter(pk=run_id, state="waiting_approval").exists(), what="the call to be asked"
    )
    return Approval.objects.get(run=run_id, decision="")


def completed(stack: LiveStack, run_id: str) -> None:
    """Wait until the run has its answer."""
    stack.wait_for(lambda: Run.objects.get(pk=run_id).state == "completed", what="the run to complete")


def scrolls_sideways(page: Page) -> bool:
    """Whether the page is wider than its window."""
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def test_from_a_phone_somebody_edits_an_email_and_the_customer_gets_just_that_one(
    live_stack: LiveStack, browser: Browser
) -> None:
    with person(browser, live_stack, "acme_operator") as operator:
        run_id = operator.launch("Where is order 1029? Write to the customer.")
    asked = waiting(live_stack, run_id)
    with person(browser, live_stack, "acme_approver", PHONE) as approver:
        page = approver.page
        page.get_by_role("navigation", name="Main, phone").get_by_role("link", name="Approvals").tap()
        page.get_by_role("link", name="send_email").tap()
        expect(page.locator(".argument-text", has_text="Dear Grace Nguyen")).to_be_visible()
        page.get_by_role("button", name="Edit").tap()
        body = page.get_by_label("body")
        text = body.input_value().replace("has not arrived yet", "arrives tomorrow")
        assert text != body.input_value()
        body.fill(text)
        assert not scrolls_sideways(page)
        page.get_by_role("button", name="Show what changes").tap()
        expect(page.locator('.diff-line[data-mark="+"]')).to_contain_text("arrives tomorrow")
        assert not scrolls_sideways(page)
        assert not OutboxMessage.objects.filter(run_id=run_id).exists()
        page.get_by_role("button", name="Approve with these changes").tap()
        expect(page.get_by_role("heading", level=1)).to_have_text("send_email")
        expect(page.locator("#approval-head")).to_contain_text("Approved by acme_approver")
    completed(live_stack, run_id)
    message = OutboxMessage.objects.get(run_id=run_id)
    assert (message.to, message.body) == (asked.arguments["to"], text)


def test_two_people_in_two_browsers_let_a_call_go_together(live_stack: LiveStack, browser: Browser) -> None:
    acme = Tenant.objects.get(slug="acme")
    rule = add_rule(tenant=acme, text=RuleText("send_email", [], 2, "approver"), actor="acme_admin")
    with (
        person(browser, live_stack, "acme_admin") as one,
        person(browser, live_stack, "acme_approver") as other,
    ):
        run_id = one.launch("Where is order 1003? Email the customer.")
        address = f"{live_stack.base_url}/t/acme/approvals/{waiting(live_stack, run_id).pk}/"
        other.page.goto(address)
        one.page.goto(address)
        expect(one.page.locator("#looking")).to_contain_text("acme_approver has this open too")
        one.page.keyboard.press("a")
        expect(one.page.get_by_role("dialog")).to_contain_text("one of 2 yeses")
        one.page.get_by_role("button", name="Say yes").click()
        expect(other.page.locator("#approval-head")).to_contain_text("1 of 2 yeses: acme_admin")
        assert not OutboxMessage.objects.filter(run_id=run_id).exists()
        expect(one.page.locator("#call")).to_contain_text("it takes another person now")
        other.page.keyboard.press("a")
        other.page.get_by_role("button", name="Approve and let it go").click()
        expect(one.page.locator("#approval-head")).to_contain_text("Approved by acme_admin and acme_approver")
    switch_rule(rule=rule, active=False, actor="acme_admin")
    completed(live_stack, run_id)
    assert OutboxMessage.objects.filter(run_id=run_id).count() == 1


def test_new_calls_wait_behind_a_pill_and_the_queue_says_who_decided(live_stack: LiveStack, browser: Browser) -> None:
    with person(browser, live_stack, "acme_operator") as operator, person(browser, live_stack, "acme_viewer") as viewer:
        first = waiting(live_stack, operator.launch("Where is order 1005? Email the customer."))
        viewer.page.goto(f"{live_stack.base_url}/t/acme/approvals/")
        rows = viewer.page.locator("#queue [data-row]:visible")
        expect(rows).to_have_count(1)
        second = waiting(live_stack, operator.launch("Where is order 1006? Email the customer."))
        expect(viewer.page.get_by_role("button", name="1 new call · show (n)")).to_be_visible()
        expect(rows).to_have_count(1)
        viewer.page.keyboard.press("n")
        expect(rows).to_have_count(2)
        for approval in (first, second):
            assert decide(approval=approval, actor="acme_approver", approve=False, note="not now")
        expect(viewer.page.locator("#queue")).to_contain_text("Nothing waits")
        expect(viewer.page.locator("#decided")).to_contain_text("acme_approver")


def test_a_word_wakes_its_run_at_once(live_stack: LiveStack, browser: Browser) -> None:
    with person(browser, live_stack, "acme_operator") as operator:
        run_ids = [operator.launch(f"Where is order {number}? Email the customer.") for number in range(1007, 1013)]
    took = []
    for approval in [waiting(live_stack, run_id) for run_id in run_ids]:
        assert decide(approval=approval, actor="acme_approver", approve=True)
        completed(live_stack, approval.run_id)
        events = approval.run.events.filter(kind__in=("approval.decided", "run.claimed")).order_by("seq")
        decided, claimed = list(events)[-2:]
        assert (decided.kind, claimed.kind) == ("approval.decided", "run.claimed")
        took.append((claimed.at - decided.at).total_seconds())
    print(f"woken after {statistics.median(took):.3f} s (median), {max(took):.3f} s at most, of {len(took)}")
    assert statistics.median(took) < AT_THE_NEXT_SWEEP_SECONDS


PAGES = ("", "{id}/", "{id}/edit/", "{id}/word/", "rules/", "rules/new/")


@pytest.mark.parametrize(("size", "order"), [(WIDE, 1013), (PHONE, 1014)], ids=["wide", "phone"])
def test_axe_finds_nothing_on_any_of_the_pages(
    size: ViewportSize, order: int, live_stack: LiveStack, browser: Browser
) -> None:
    text = RuleText("refund", [], 1, "approver", note="money")
    add_rule(tenant=Tenant.objects.get(slug="acme"), text=text, actor="acme_admin")
    found = {}
    with person(browser, live_stack, "acme_admin", size) as admin:
        approval = waiting(live_stack, admin.launch(f"Where is order {order}? Email the customer."))
        for theme in ("light", "dark"):
            admin.page.context.add_cookies([{"name": "wf_theme", "value": theme, "url": live_stack.base_url}])
            for path in PAGES:
                admin.page.goto(f"{live_stack.base_url}/t/acme/approvals/{path.format(id=approval.pk)}")
                answer = Axe().run(admin.page)
                if answer.violations_count or scrolls_sideways(admin.page):
                    found[path, theme] = answer.generate_report() or "scrolls sideways"
    assert found == {}
