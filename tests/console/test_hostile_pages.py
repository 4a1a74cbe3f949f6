"""Pages, frames and lines about runs in which everybody says what breaks software: no error, no markup of theirs."""

import json
import re
from collections.abc import Sequence
from contextlib import suppress
from html import unescape
from html.parser import HTMLParser

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django.fixtures import Settings

from agents import funding
from agents.journal.gate import plain
from agents.models import Agent, EventRow, Run
from budgets.ledger import LedgerError
from budgets.models import Account, LedgerEntry, Surface, Tenant
from console.live.run_feed import RunFeed
from console.terminal.lines import json_line, text_line
from tests.agents.hostile import TEXTS
from tests.agents.hostile_runs import of_arguments, of_outputs, of_people, of_texts, workshop
from tests.console.conftest import MakeRun, SignedIn

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("rung")]
TENANT = "/t/acme/"
NASTIEST = ("nul", "controls", "lone high surrogate", "noncharacters", "header", "right to left")
TEXT_FIELDS = (
    "q",
    "step",
    "show",
    "before",
    "after",
    "user",
    "page",
    "sort",
    "task",
    "agent",
    "llm",
    "run",
    "by",
    "saved",
    "account",
    "amount",
)


@pytest.fixture
def surface(acme: Tenant, settings: Settings) -> Surface:
    """Where the runs come from; nobody hears hints."""
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    return Surface.objects.get(tenant=acme, slug="enterprise")


@pytest.fixture
def person(signed_in: SignedIn) -> Client:
    """Somebody who may do everything in the tenant; an error is an answer, as it is for a browser."""
    client = signed_in("acme_admin")
    client.raise_request_exception = False
    return client


class Tags(HTMLParser):
    """The elements and attributes of a page that could act, and where its links lead."""

    def __init__(self) -> None:
        super().__init__()
        self.acting: list[str] = []
        self.links: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "script" and not given.get("src", "").startswith("/static/"):
            self.acting.append(f"script {given}")
        if tag in ("iframe", "object", "embed", "base") or (tag == "img" and "onerror" in given):
            self.acting.append(tag)
        self.acting += [f"{tag} {name}" for name in given if name.startswith("on")]
        link = given.get("href", given.get("hx-get", ""))
        if link.startswith(("javascript:", "data:", "//", "http")):
            self.acting.append(f"{tag} to {link}")
        if link:
            self.links.add(unescape(link).partition("#")[0])


def opened(client: Client, address: str) -> Tags:
    """A page that must open, with nothing in it that acts."""
    response = client.get(address)
    assert response.status_code < 500, address
    tags = Tags()
    if response.status_code == 200 and response["Content-Type"].startswith("text/html"):
        text = response.content.decode()
        assert "\x00" not in text
        tags.feed(text)
    assert tags.acting == [], address
    return tags


def everything_opens(client: Client, run: Run) -> None:
    """A run's page, all that it links to within the tenant, each of its steps, its live frames and its lines."""
    page = f"{TENANT}runs/{run.pk}/"
    links = opened(client, page).links
    inside = {link if link.startswith("/") else page + link for link in links if link.startswith(("/t/", "?"))}
    for link in spread(sorted(inside), 12):
        opened(client, link)
    steps = list(EventRow.objects.filter(run=run, kind__endswith=".started").values_list("span_id", flat=True))
    rejected = EventRow.objects.filter(run=run, kind="call.rejected").values_list("seq", flat=True)
    for step in (*spread(steps, 12), *(f"e{seq}" for seq in spread(list(rejected), 6))):
        response = client.get(f"{page}?step={step}", headers={"HX-Request": "true", "HX-Target": "div#step"})
        assert response.status_code == 200, step
    feed = RunFeed(run.pk)
    assert json.loads(feed.advance() or "")["seq"] == run.next_seq - 1
    assert json.loads(feed.replay(0))
    for row in EventRow.objects.filter(run=run).order_by("seq"):
        assert json.loads(json_line(row))["seq"] == row.seq
        assert re.search(r"[\x00-\x1f\x7f-\x9f\u202e]", text_line(row) or "") is None


def spread(values: Sequence[str] | Sequence[int], most: int) -> list[str]:
    """So many of them, from the first to the last."""
    return [str(value) for value in values[:: max(1, len(values) // most)]]


def test_every_page_of_a_run_opens_whatever_was_said_in_it(surface: Surface, person: Client) -> None:
    with workshop() as llm:
        runs = [of_texts(llm, surface), of_outputs(llm, surface), of_arguments(llm, surface)]
    for run in runs:
        assert "runtime" not in run.reason
        everything_opens(person, run)
    for page in ("runs/", "budgets/", "budgets/holds/", "budgets/proof/", "prices/", "budgets/tiers/"):
        opened(person, TENANT + page)


def test_pages_of_runs_open_whatever_people_said_of_them(surface: Surface, person: Client) -> None:
    with workshop() as llm:
        runs = of_people(llm, surface)
    everything_opens(person, runs[0])
    for run in runs:
        opened(person, f"{TENANT}runs/{run.pk}/")
    opened(person, f"{TENANT}runs/")


def test_any_text_in_an_address_is_answered(acme: Tenant, person: Client, make_run: MakeRun) -> None:
    pages = ["runs/", "runs/new/", "budgets/", "budgets/holds/", "budgets/tiers/", "prices/", "budgets/proof/"]
    pages += ["budgets/tiers/history/", "budgets/tiers/edit/", "prices/new/", f"runs/{make_run(acme).pk}/"]
    texts = list(TEXTS.values())
    for number, text in enumerate(texts):
        query = "&".join(f"{field}={quoted(text)}" for field in TEXT_FIELDS)
        opened(person, f"{TENANT}{pages[number % len(pages)]}?{query}")
    for page in pages:
        for name in NASTIEST:
            opened(person, f"{TENANT}{page}?{'&'.join(f'{field}={quoted(TEXTS[name])}' for field in TEXT_FIELDS)}")
    for field in TEXT_FIELDS:
        opened(person, f"{TENANT}{pages[-1]}?{field}=%00")


def test_any_text_in_a_form_is_answered(surface: Surface, person: Client, make_run: MakeRun) -> None:
    run = make_run(surface.tenant, state="paused")
    account = Account.objects.create(tenant=surface.tenant, scope="run", subject=run.pk, limit_nanos=10**9)
    launch = {"agent": "reader", "surface": "enterprise", "task": "Read."}
    for name, text in TEXTS.items():
        for field in ("task", "user", "session"):
            sent(person, "runs/new/", {**launch, field: text})
        sent(person, f"budgets/{account.pk}/top-up/", {"amount": "0.10", "reason": text, "lasts": ""})
        sent(person, "budgets/tiers/edit/", {"reason": text, "run_usd": "1"})
        sent(person, f"runs/{make_run(surface.tenant, state='paused').pk}/kill/", {"reason": text})
        if name in NASTIEST:
            for field in ("agent", "surface", "llm", "key"):
                sent(person, "runs/new/", {**launch, field: text})
            sent(person, "prices/new/", dict.fromkeys(("llm", "input", "output", "note", "effective_from"), text))
            sent(person, f"budgets/{account.pk}/top-up/", dict.fromkeys(("amount", "lasts", "until_at"), text))
    opened(person, f"{TENANT}runs/")
    opened(person, f"{TENANT}budgets/{account.pk}/")


def sent(client: Client, page: str, fields: dict[str, str]) -> None:
    """A form whose bytes may be no text at all; whatever is wrong with it is said, not raised."""
    body = "&".join(f"{name}={quoted(value)}" for name, value in fields.items())
    response = client.post(TENANT + page, body, content_type="application/x-www-form-urlencoded")
    assert response.status_code < 500, (page, fields)


def test_reasons_of_top_ups_are_kept_by_whichever_way_they_come(
    surface: Surface, person: Client, make_run: MakeRun
) -> None:
    run = make_run(surface.tenant, state="paused")
    account = Account.objects.create(tenant=surface.tenant, scope="run", subject=run.pk, limit_nanos=10**9)
    for text in TEXTS.values():
        with suppress(LedgerError):  # a blank reason is none
            funding.top_up(account=account, amount_nanos=1, reason=text, actor="acme_admin")
    kept = set(LedgerEntry.objects.filter(account=account).values_list("reason", flat=True))
    assert kept == {plain(text.strip())[:500].strip() for text in TEXTS.values() if text.strip()}
    opened(person, f"{TENANT}budgets/{account.pk}/")


def test_files_of_any_name_are_answered(surface: Surface, person: Client, agent: Agent) -> None:
    for text in TEXTS.values():
        name = text.encode("utf-8", "replace").decode()
        file = SimpleUploadedFile(f"{name[:200]}.txt", b"read me", content_type="text/plain")
        fields = {"agent": agent.name, "surface": surface.slug, "task": "Read.", "attachments": file}
        assert person.post(f"{TENANT}runs/new/", fields).status_code < 500
    for run in Run.objects.all():
        opened(person, f"{TENANT}runs/{run.pk}/")
    assert Run.objects.exists()


def quoted(text: str) -> str:
    """A text in an address or a form, as bytes."""
    return "".join(f"%{byte:02X}" for byte in text.encode("utf-8", "surrogatepass")[:1_500])
