"""Markup in all that LLMs, tools and people write, looked at in Chromium: it is shown, and nothing of it acts."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page, Request, expect

from agents import bell
from agents.models import Run
from agents.writing import Piece, channel_of
from tests.flows.console_page import PATIENCE_MS
from tests.flows.hostile_rows import IMAGE, MARKUP, SLUG, STEP, fill, hostile_run, tell, tell_everything
from tests.harness.live_stack import LiveStack

pytestmark = [pytest.mark.flows, pytest.mark.either_database]
PROOF = "window.hacked"
"""A piece of the markup that no page of ours has: where it can be read, the markup is text."""
PAGES = {
    "overview": "",
    "wall": "?wall=1",
    "wall links": "wall/",
    "settings": "settings/",
    "runs": "runs/",
    "runs by a hostile filter": "runs/?q=user:{image}",
    "comparison": "runs/compare/?a={live}&b={ended}",
    "export": "runs/export/",
    "launch": "runs/new/?agent=hostile",
    "run at work": "runs/{live}/",
    "run that failed": "runs/{ended}/",
    "run that waits": "runs/{waiting}/",
    "run of unknown effect": "runs/{unknown}/",
    "its relatives": "runs/{ended}/record/",
    "its neighbours": "runs/{ended}/affected/",
    "kill": "runs/{live}/kill/",
    "fork": "runs/{ended}/steps/1/fork/",
    "retry": "runs/{ended}/retry/",
    "replay": "runs/{ended}/replay/",
    "peek": "runs/{live}/peek/",
    "approvals": "approvals/",
    "approval": "approvals/{approval}/",
    "its edit": "approvals/{approval}/edit/",
    "its word": "approvals/{approval}/word/?word=approve",
    "tools": "tools/",
    "tool": "tools/lookup/",
    "tool's trouble": "tools/-/affected/?tool=lookup",
    "servers": "tools/-/servers/",
    "agents": "agents/",
    "agent": "agents/hostile/",
    "agent's edit": "agents/hostile/edit/",
    "actions": "actions/",
    "stops": "stops/",
    "stop": "stops/new/?kind=agent&agent=hostile",
    "kill order": "stops/{order}/",
    "budgets": "budgets/",
    "budgets of users": "budgets/?by=user",
    "account": "budgets/{account}/",
    "prices": "prices/",
    "palette": "palette/?q=evil",
}
SILENT = {"its neighbours"}
"""Pages that show nothing of what others wrote."""
ACTING = """() => [...document.querySelectorAll("*")].flatMap((el) => [...el.attributes].flatMap(({ name, value }) => {
    const leads = /^(href|src|srcdoc|action|formaction|data|xlink:href|socket|hx-(get|post|put|delete))$/.test(name);
    const away = leads && new URL(value, document.baseURI).origin !== location.origin;
    return away || /^(on|hx-on)/.test(name) ? [`${el.tagName} ${name}=${value.slice(0, 80)}`] : [];
}))"""
"""Attributes of the page that would run something, or lead somewhere else, if one touched them."""
TEXT = """() => {
    const page = document.querySelector("main") ?? document.body;
    return page.textContent + [...page.querySelectorAll("input")].map((each) => each.value);
}"""


@dataclass
class Watch:
    """What a browser does that it must not, whichever of its pages does it."""

    base_url: str
    seen: list[str] = field(default_factory=list)

    def over(self, context: BrowserContext) -> None:
        """Notice dialogs, requests to others, what the policy has stopped, and faults of scripts."""
        context.on("dialog", self._dialog)
        context.on("request", self._request)
        context.on("console", self._console)

    def _dialog(self, dialog: Dialog) -> None:
        self.seen.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _request(self, request: Request) -> None:
        if not request.url.startswith((f"{self.base_url}/", "data:", "blob:")):
            self.seen.append(f"request: {request.url}")

    def _console(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            self.seen.append(f"policy: {message.text[:300]}")


@pytest.fixture(scope="module")
def ids(live_stack: LiveStack) -> dict[str, object]:
    """The hostile rows."""
    assert live_stack.base_url
    return fill()


@pytest.fixture(scope="module")
def context(live_stack: LiveStack, browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(live_stack.sign_in_url("admin"))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/all/")
    page.close()
    yield context
    context.close()


@pytest.fixture
def watch(live_stack: LiveStack, context: BrowserContext) -> Watch:
    watch = Watch(live_stack.base_url)
    watch.over(context)
    return watch


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    page = context.new_page()
    yield page
    page.close()


def harmless(page: Page, watch: Watch, where: str) -> None:
    """Nothing has happened in this page, and nothing in it would if one touched it."""
    assert watch.seen == [], where
    assert page.evaluate("window.hacked") is None, where
    assert page.evaluate(ACTING) == [], where
    assert page.locator("#taken, iframe, base").count() == 0, where


def opened(page: Page, stack: LiveStack, path: str) -> Page:
    answer = page.goto(f"{stack.base_url}/t/{SLUG}/{path}")
    assert answer is not None
    assert answer.status == 200, path
    expect(page.locator(".htmx-request")).to_have_count(0)
    return page


def test_markup_that_is_not_escaped_would_be_noticed(live_stack: LiveStack, page: Page, watch: Watch) -> None:
    opened(page, live_stack, "runs/")
    with page.expect_console_message(lambda message: "Content Security Policy" in message.text):
        page.evaluate("markup => document.body.insertAdjacentHTML('beforeend', markup)", IMAGE)
    assert any("policy" in each for each in watch.seen)
    assert len(page.evaluate(ACTING)) == len(("src", "onerror"))


def test_what_was_written_is_text_on_every_page(
    live_stack: LiveStack, page: Page, watch: Watch, ids: dict[str, object]
) -> None:
    silent = set()
    for where, path in PAGES.items():
        opened(page, live_stack, path.format(**ids, image=IMAGE.replace("&", "").replace('"', "")))
        harmless(page, watch, where)
        text = page.evaluate(
            "document.documentElement.textContent + [...document.querySelectorAll('input')].map(i => i.value)"
        )
        if PROOF not in text and "onerror=hacked" not in text:
            silent.add(where)
    assert silent == SILENT


def test_every_step_of_a_run_shows_what_was_said_in_it(
    live_stack: LiveStack, page: Page, watch: Watch, ids: dict[str, object]
) -> None:
    opened(page, live_stack, f"runs/{ids['ended']}/?step=")
    steps = page.locator("#trace-rows > [data-row]")
    assert steps.count() > 10
    for step in steps.evaluate_all("all => all.map(row => row.id.slice(2))"):
        page.evaluate("step => document.querySelector(`#s-${step} a[href]`).click()", step)
        page.wait_for_url(f"**/?step={step}*")
        expect(page.locator("#step > header h2")).to_contain_text("Step ")
        page.locator("#step details").evaluate_all("all => all.forEach(each => { each.open = true; })")
        expect(page.locator(".htmx-request")).to_have_count(0)
        harmless(page, watch, f"step {step}")
    opened(page, live_stack, f"runs/{ids['ended']}/?step={STEP}")
    expect(page.locator("#step")).to_contain_text(PROOF)
    page.emulate_media(media="print")
    harmless(page, watch, "print")


def test_peek_and_palette_show_it_as_text(
    live_stack: LiveStack, page: Page, watch: Watch, ids: dict[str, object]
) -> None:
    opened(page, live_stack, "runs/")
    page.locator(f"#r-{ids['ended']} td").nth(2).click()
    expect(page.locator("#peek [data-peek-of]")).to_contain_text(PROOF)
    harmless(page, watch, "peek")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.keyboard.type("evil.example")
    expect(page.get_by_role("dialog")).to_contain_text("onerror=hacked")
    harmless(page, watch, "palette")


def test_what_the_live_feed_brings_is_text(live_stack: LiveStack, context: BrowserContext, watch: Watch) -> None:
    run = hostile_run(task="Where is it?", reason="", doing="", user="", answer="")
    tell(run, "turn.started", "a" * 16)
    paths = {"run": f"runs/{run.pk}/", "list": "runs/", "overview": "", "tools": "tools/"}
    pages = {where: opened(context.new_page(), live_stack, path) for where, path in paths.items()}
    for page in pages.values():
        expect(page.locator("html")).to_have_attribute("data-live", "live", timeout=PATIENCE_MS)
    one = pages["run"]
    _write(live_stack, run, one)
    Run.objects.filter(pk=run.pk).update(doing=IMAGE, reason=MARKUP, user=IMAGE)
    tell_everything(run)
    expect(one.locator(f"#s-{STEP}")).to_contain_text("onerror=hacked", timeout=PATIENCE_MS)
    expect(pages["list"].locator(f"#r-{run.pk}-doing")).to_contain_text("onerror=hacked", timeout=PATIENCE_MS)
    new = hostile_run()
    tell_everything(new)
    expect(pages["overview"].locator(f"#n-cap-{new.pk}")).to_be_attached(timeout=PATIENCE_MS)
    pages["list"].locator("[data-pill]").click()
    expect(pages["list"].locator(f"#r-{new.pk}-doing")).to_contain_text("onerror=hacked")
    for where, page in pages.items():
        harmless(page, watch, f"{where}, live")
        page.close()


def _write(stack: LiveStack, run: Run, page: Page) -> None:
    """What its LLM writes comes piece by piece, cut in the middle of a tag."""
    span, channel = "e" * 16, channel_of(run.pk)
    tell(run, "model.started", span, "a" * 16)
    expect(page.locator(f"#s-{span}")).to_be_visible(timeout=PATIENCE_MS)
    stack.wait_for(lambda: bell.listeners([channel])[channel] == 1, what="the console to listen")
    middle = MARKUP.index("<script>") + 4
    for at, text in ((0, MARKUP[:middle]), (middle, MARKUP[middle:])):
        bell.publish([(channel, Piece(span, 1, at, text).to_json())])
    expect(page.locator(f"#s-{span}-text")).to_contain_text(PROOF)
