"""Runs launched through the console's own form, as people do it."""

from dataclasses import dataclass
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import FilePayload, Page

from agents.models import Run
from tests.harness.live_stack import LiveStack

LEASE = b"""# Lease of the workshop

The tenant pays 1,250 USD on the first of each month.

## Notice

Either side may end the lease with three months' notice, in writing.
"""
SALES = b"month,region,revenue\nJan,North,1200\nJan,South,900\nFeb,North,1350\nFeb,South,870\nMar,North,1500\n"
SETTLED = ("completed", "flagged", "degraded", "failed", "refused", "killed", "dead", "waiting_approval", "paused")
EXAMPLE = (
    "Where is order 1029? The customer also asks whether the Rain Jacket is in stock, and what happens when a "
    "parcel is late."
)
QUESTIONS = (
    "How do we roll out a database migration without downtime, and when do we roll back?",
    "What belongs in a runbook?",
    "How many retries are too many?",
    "When should an alert page a person at night?",
    "How do we keep secrets out of logs?",
)


@dataclass(frozen=True)
class Task:
    """One launch, as the form takes it."""

    agent: str
    task: str
    surface: str = "enterprise"
    user: str = ""
    llm: str = ""
    files: tuple[tuple[str, bytes], ...] = ()


QUIET = (
    *(
        Task("support-triage", f"Where is order {number}?", user=user)
        for number, user in zip(
            range(1001, 1008), ("mara", "jonas", "ines", "tomas", "priya", "wen", "amara"), strict=True
        )
    ),
    *(Task("search", question, surface="internal-batch") for question in QUESTIONS),
    Task("content-generation", "Write an email of 90 words to customers whose Camp Stove is late.", "internal-batch"),
    Task("content-generation", "Write a product text of 80 words for the Enamel Kettle.", "internal-batch"),
    Task(
        "document-analysis",
        "Which notice period does the lease have, and what was the revenue of the North?",
        files=(("lease.md", LEASE), ("sales.csv", SALES)),
    ),
    Task("support-triage", EXAMPLE, user="mara"),
)
TROUBLED = (
    Task("support-triage", "Check order 1031 again.", user="wen", llm="rehearsal:support-triage+loop"),
    Task("search", "What is a canary release?", "free-chat", "web-4471", "rehearsal:search+rejected-drafts"),
    Task("support-triage", "Where is order 1012?", user="ines", llm="rehearsal:support-triage+wrong-types"),
    Task("search", "Who answers first at night?", "free-chat", "web-9021", "rehearsal:search+half-stream"),
    Task("support-triage", "Refund order 1003, it arrived broken, and email the customer.", user="jonas"),
)
SLOW = (
    Task("search", "How do we size a queue?", "internal-batch", llm="rehearsal:search+slow=40"),
    Task("support-triage", "Where is order 1033?", user="amara", llm="rehearsal:support-triage+slow=30"),
)


class Desk:
    """An operator's page that launches and acts without being looked at."""

    def __init__(self, page: Page, stack: LiveStack) -> None:
        self._page = page
        self._stack = stack
        self._runs = f"{stack.base_url}/t/acme/runs/"
        self._keys = count(1)

    def launch(self, task: Task) -> str:
        """Send the launch form; returns the id of the run."""
        fields: dict[str, Any] = {
            "agent": task.agent,
            "task": task.task,
            "surface": task.surface,
            "user": task.user,
            "llm": task.llm,
            "key": str(next(self._keys)),
        }
        for name, content in task.files[:1]:
            fields["attachments"] = FilePayload(name=name, mimeType="text/plain", buffer=content)
        answer = self._post(f"{self._runs}new/", fields)
        return urlsplit(answer).path.rstrip("/").rpartition("/")[2]

    def settle(self, run_ids: list[str]) -> None:
        """Wait until none of them is being worked on."""
        going = Run.objects.filter(pk__in=run_ids).exclude(state__in=SETTLED)
        self._stack.wait_for(lambda: not going.exists(), what="the runs to settle")

    def _post(self, address: str, fields: dict[str, Any]) -> str:
        token = self._page.locator("input[name=csrfmiddlewaretoken]").first.input_value()
        answer = self._page.request.post(address, multipart={**fields, "csrfmiddlewaretoken": token}, max_redirects=0)
        if answer.status != 302:
            raise RuntimeError(f"{address} answered {answer.status}: {answer.text()[:2000]}")
        return answer.headers["location"]
