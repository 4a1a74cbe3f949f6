"""The console as a person drives it."""

from playwright.sync_api import Page, expect

from tests.harness.live_stack import LiveStack

PATIENCE_MS = 60_000
HTMX_IS_LATE = """
    const [later, held] = [window.setTimeout, []];
    window.setTimeout = (act, ms, ...more) => (ms ? later(act, ms, ...more) : held.push(act));
    window.letGo = () => { window.setTimeout = later; held.forEach((act) => act()); };
"""
"""For a page that is used before htmx has taken it up, as it does in a task of its own; `letGo` lets it."""


class ConsolePage:
    """One signed-in page."""

    def __init__(self, page: Page, stack: LiveStack, username: str = "acme_operator") -> None:
        self.page = page
        self.base_url = stack.base_url
        page.set_default_timeout(PATIENCE_MS)
        page.goto(stack.sign_in_url(username))
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/all/" if username == "admin" else "**/t/acme/")
        page.goto(f"{stack.base_url}/t/acme/runs/")

    def launch(self, task: str, *, llm: str = "", agent: str = "Support triage") -> str:
        """Launch a run through the form; returns its id once its page is open."""
        self.page.goto(f"{self.base_url}/t/acme/runs/new/")
        self.page.get_by_role("radio", name=agent).check()
        self.page.get_by_label("Task").fill(task)
        self.page.get_by_label("LLM").fill(llm)
        self.page.get_by_role("button", name="Launch the run").click()
        self.page.wait_for_url("**/runs/*/")
        expect(self.page.locator("html")).to_have_attribute("data-live", "live", timeout=PATIENCE_MS)
        return self.page.url.rstrip("/").rpartition("/")[2]

    def steps(self) -> list[str]:
        """The trace as it is shown: number and title of each row, in order."""
        rows = self.page.locator("#trace-rows > [data-row]")
        return [" ".join(text.split()[:2]) for text in rows.all_inner_texts()]

    def expect_steps(self, count: int) -> None:
        """Wait until the trace has at least so many rows."""
        expect(self.page.locator("#trace-rows > [data-row]").nth(count - 1)).to_be_attached(timeout=PATIENCE_MS)

    def expect_state(self, run_id: str, word: str) -> None:
        """Wait until the badge of a run says so."""
        expect(self.page.locator(f"#r-{run_id}-status-word")).to_have_text(word, timeout=PATIENCE_MS)

    def kill(self, reason: str) -> None:
        """K, a reason, and the button."""
        self.page.keyboard.press("K")
        self.page.get_by_role("dialog").get_by_label("Reason").fill(reason)
        button = self.page.get_by_role("dialog").get_by_role("button", name="Kill this run")
        expect(button).to_be_enabled()
        button.click()
