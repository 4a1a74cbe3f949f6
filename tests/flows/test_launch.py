"""A launch with a cap of its own that binds, a dry run that starts nothing, and the curl command that does the same."""

import json
import subprocess
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from agents.models import Run
from budgets.ledger import verify
from tests.flows.console_page import ConsolePage
from tests.harness.live_stack import LiveStack

pytestmark = pytest.mark.flows
LOOPING = "rehearsal:support-triage+loop"
COMMAND_SECONDS = 60


def shell(command: str, token: str) -> Any:
    """What a shell prints for a command that was copied, as JSON."""
    done = subprocess.run(
        ("sh", "-c", command),
        env={"PATH": "/usr/bin:/bin:/usr/local/bin", "WATCHFLOOR_TOKEN": token, "no_proxy": "*"},
        capture_output=True,
        text=True,
        check=True,
        timeout=COMMAND_SECONDS,
    )
    return json.loads(done.stdout)


def new_token(console: ConsolePage) -> str:
    """Made on the settings page, and read where it is shown."""
    page = console.page
    page.goto(f"{console.base_url}/t/acme/settings/")
    page.get_by_role("link", name="Make a token").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("night job")
    for each in ("Read runs", "Launch runs", "Kill runs"):
        dialog.get_by_label(each).check()
    dialog.get_by_role("button", name="Make it").click()
    shown = dialog.locator("#token-text")
    expect(shown).to_be_visible()
    token = shown.inner_text()
    dialog.get_by_role("link", name="I have copied it").click()
    expect(page.get_by_text("night job")).to_be_visible()
    assert token not in page.content()
    return token


def test_a_cap_of_its_own_binds_from_the_form_and_by_curl(live_stack: LiveStack, page: Page) -> None:
    console = ConsolePage(page, live_stack)
    token = new_token(console)
    page.goto(f"{console.base_url}/t/acme/runs/new/")
    page.get_by_role("radio", name="Support triage").check()
    page.get_by_label("Surface").select_option("enterprise")
    page.get_by_label("Task").fill("Where's order 1029?")
    page.get_by_label("LLM").fill(LOOPING)
    page.get_by_label("Cap, $").fill("99")
    page.get_by_role("button", name="Dry run").click()
    dry = page.locator("#dry-run")
    expect(dry).to_contain_text("It would be refused")
    expect(dry).to_contain_text("At most $2.00, the tier's limit for a run.")
    page.get_by_label("Cap, $").fill("0.01")
    page.get_by_role("button", name="Dry run").click()
    expect(dry).to_contain_text("It would start")
    expect(dry).to_contain_text("Cap $0.01, then it pauses and asks.")
    assert not Run.objects.exists()
    curl = page.locator("#launch-curl")
    expect(curl).to_contain_text('"cap_usd": "0.01"')
    copied = curl.text_content() or ""
    page.get_by_role("button", name="Launch the run").click()
    page.wait_for_url("**/runs/*/")
    run_id = page.url.rstrip("/").rpartition("/")[2]
    console.expect_state(run_id, "paused at cap")
    by_curl = shell(copied, token)
    assert by_curl["id"] != run_id
    read = f'curl -sS "{by_curl["links"]["self"]}" -H "Authorization: Bearer $WATCHFLOOR_TOKEN"'
    live_stack.wait_for(lambda: shell(read, token)["state"] == "paused_budget", what="the run to meet its cap")
    for each in Run.objects.all():
        assert 0 < each.cost_nanos <= 10_000_000
        assert (each.cap_nanos, each.task, each.launched_by) == (10_000_000, "Where's order 1029?", "acme_operator")
    sent = """-H 'Content-Type: application/json' --data '{"reason": "seen enough"}'"""
    kill = f'curl -sS "{by_curl["links"]["kill"]}" -H "Authorization: Bearer $WATCHFLOOR_TOKEN" {sent}'
    assert shell(kill, token)["state"] == "killed"
    assert verify() is None


def test_what_is_typed_while_another_agent_is_fetched_stays(live_stack: LiveStack, page: Page) -> None:
    console = ConsolePage(page, live_stack)
    page.goto(f"{console.base_url}/t/acme/runs/new/")
    held: list[Route] = []
    page.route("**/runs/new/task/", lambda route: held.append(route))
    page.get_by_role("radio", name="Search").check()
    task = page.get_by_label("Task")
    task.fill("Half a ")
    expect(page.locator("#launch-curl")).to_contain_text("Half a")
    page.evaluate("document.getElementById('task-part').dataset.old = 'yes'")
    held[0].continue_()
    expect(page.locator("#task-part[data-old]")).to_have_count(0)
    page.keyboard.type("question")
    expect(task).to_have_value("Half a question")
