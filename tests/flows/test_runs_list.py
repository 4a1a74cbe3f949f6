"""An operator works the list of runs by keyboard: peeks, asks for a kill, saves a view, and takes its rows along."""

import csv
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from agents.models import AgentVersion, Run
from budgets.models import Surface, Tenant
from console.models import SavedView
from tests.flows.console_page import PATIENCE_MS, ConsolePage
from tests.harness.live_stack import LiveStack

pytestmark = [pytest.mark.flows, pytest.mark.either_database]
RUNS = "/t/acme/runs/"


def write_runs(state: str, number: int) -> list[str]:
    """Ids of new runs that nobody works on, the newest first."""
    tenant = Tenant.objects.get(slug="acme")
    version = AgentVersion.objects.select_related("agent").get(agent__name="support-triage", number=1)
    surface = Surface.objects.get(tenant=tenant, slug="free-chat")
    fields = {"tenant": tenant, "version": version, "surface": surface, "agent_name": version.agent.name}
    runs = [Run(state=state, task="Look.", llm="rehearsal:search", launched_by="mara", **fields) for _ in range(number)]
    for run in runs:
        run.ended_at = timezone.now() if run.ended else None
        run.save()
    return sorted((run.pk for run in runs), reverse=True)


def test_runs_are_peeked_at_and_left_by_keyboard(live_stack: LiveStack, page: Page) -> None:
    ConsolePage(page, live_stack)
    first, second = write_runs("paused", 2)
    page.goto(f"{live_stack.base_url}{RUNS}?q=status:paused")
    row = page.locator(f"#r-{first}")
    expect(row).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    peek = page.locator("#peek")
    expect(peek.locator("[data-peek-of]")).to_have_attribute("data-peek-of", first, timeout=PATIENCE_MS)
    expect(row).to_be_focused()

    page.keyboard.press("j")
    expect(peek.locator("[data-peek-of]")).to_have_attribute("data-peek-of", second, timeout=PATIENCE_MS)
    page.keyboard.press("K")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"Kill run {second[-6:]}")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(peek).to_be_visible()

    page.keyboard.press("Escape")
    expect(peek).to_be_hidden()
    expect(page.locator(f"#r-{second}")).to_be_focused()
    page.keyboard.press("Enter")
    expect(peek.locator("[data-peek-of]")).to_have_attribute("data-peek-of", second, timeout=PATIENCE_MS)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{RUNS}{second}/", timeout=PATIENCE_MS)


def test_a_view_is_saved_and_its_rows_are_what_is_exported(live_stack: LiveStack, page: Page, tmp_path: Path) -> None:
    ConsolePage(page, live_stack)
    refused = write_runs("refused", 3)
    write_runs("killed", 1)
    page.goto(f"{live_stack.base_url}{RUNS}?q=status:refused")
    page.get_by_role("link", name="Save view…").click()
    page.get_by_label("Name").fill("Refused ones")
    page.get_by_role("button", name="Save view").click()
    tab = page.get_by_role("link", name="Refused ones")
    expect(tab).to_have_attribute("aria-current", "true", timeout=PATIENCE_MS)
    assert SavedView.objects.get().query == "status:refused"

    page.get_by_role("link", name="Export…").click()
    expect(page.get_by_role("dialog")).to_contain_text("Export 3 runs")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    expect(page.get_by_role("dialog")).to_contain_text("Done: 3 rows.")
    file = tmp_path / "runs.csv"
    download.value.save_as(file)
    with file.open(newline="", encoding="utf-8") as text:
        assert [row["id"] for row in csv.DictReader(text)] == refused
