"""Figures over all runs: what was refused and mended, and what the critic let out; by index, whatever else there is."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agents.accept_rate import ENOUGH_DRAFTS, accept_rates
from agents.contracts.base import JsonObject
from agents.library.sync import keep_version
from agents.models import EventRow, Run
from agents.tool_corrections import Share, corrections
from tests.agents.conftest import Office, agent_spec

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SINCE = NOW - timedelta(days=1)
A, B = "test:a", "test:b"


def told(run: Run, events: Sequence[tuple[str, JsonObject]], *, at: datetime = NOW) -> None:
    """Rows of the trace."""
    first = EventRow.objects.filter(run=run).count() + 1
    rows = [EventRow(run=run, seq=first + n, kind=kind, at=at, data=data) for n, (kind, data) in enumerate(events)]
    EventRow.objects.bulk_create(rows)


def rejected(tool: str, llm: str = A, error_type: str = "invalid_arguments") -> tuple[str, JsonObject]:
    return "call.rejected", {"tool": tool, "llm": llm, "error_type": error_type, "arguments": "x" * 100}


def mended(tool: str, llm: str = A, *, rejected: str | None = None) -> tuple[str, JsonObject]:
    return "call.corrected", {"tool": tool, "rejected": tool if rejected is None else rejected, "llm": llm}


def verdict(revision: int, *checks: str) -> tuple[str, JsonObject]:
    issues: JsonObject = {"issues": [{"check": check, "text": "Mend it."} for check in checks]}
    return "verdict.given", {"accepted": not checks, "revision": revision, **issues}


def test_the_share_of_mended_calls_is_told_by_tool_and_by_llm(office: Office) -> None:
    told(office.run(), [rejected("search"), rejected("search"), rejected("send"), mended("search")])
    told(office.run(), [rejected("search", B), mended("search", B), rejected("lookup", B, "unknown_tool")])
    told(office.run(), [mended("send", B, rejected="")])
    found = corrections(since=SINCE)
    assert found.complete
    assert found.by_tool == {"search": Share(3, 2), "send": Share(1, 0), "": Share(1, 1)}
    assert found.by_llm == {A: Share(3, 1), B: Share(2, 2)}
    assert found.of_tool("search") == {A: Share(2, 1), B: Share(1, 1)}
    assert [found.by_llm[llm].percent for llm in (A, B)] == [33, 100]
    assert Share().percent is None


def test_what_was_no_llm_s_fault_or_is_older_is_left_out(office: Office) -> None:
    told(office.run(), [rejected("search", error_type="unusable_tool"), rejected("search", error_type="withdrawn")])
    told(office.run(), [("call.rejected", {"tool": "search", "error_type": "invalid_arguments"})])
    told(office.run(), [rejected("search")], at=SINCE - timedelta(seconds=1))
    assert corrections(since=SINCE).by_tool == {}


def test_the_accept_rate_is_told_by_version_with_what_was_wrong(office: Office) -> None:
    first = office.agent.current
    told(office.run("completed"), [verdict(0)])
    told(office.run("completed"), [verdict(1, "length", "banned"), verdict(1)])
    told(office.run("flagged"), [verdict(1, "length"), verdict(2, "length"), verdict(3, "length", "length")])
    second = keep_version(spec=agent_spec().model_copy(update={"system_prompt": "Otherwise."}))
    office.agent.refresh_from_db()
    told(office.run("completed"), [verdict(0)])
    rates = accept_rates(since=SINCE)
    assert first is not None
    rate = rates.of(first.pk)
    assert (rate.judged, rate.accepted, rate.at_once, rate.revised, rate.flagged) == (6, 2, 1, 1, 1)
    assert rate.issues == {"length": 4, "banned": 1}
    assert (rate.percent, rates.of(second.pk).percent, rates.of(0).percent) == (33, 100, None)


@pytest.mark.parametrize(
    ("accepted", "drafts", "blamed"),
    [
        (0, ENOUGH_DRAFTS - 1, False),
        (14, ENOUGH_DRAFTS, False),
        (13, ENOUGH_DRAFTS, True),
        (69, 100, True),
        (70, 100, False),
    ],
)
def test_under_70_percent_of_enough_drafts_the_prompt_is_to_blame(
    office: Office, accepted: int, drafts: int, blamed: bool
) -> None:
    told(office.run("completed"), [verdict(0)] * accepted + [verdict(1, "citations")] * (drafts - accepted))
    assert office.agent.current is not None
    rate = accept_rates(since=SINCE).of(office.agent.current.pk)
    assert rate.blames_the_prompt == blamed
    assert ("mend the prompt" in rate.advice and "citations" in rate.advice) == blamed


def test_only_the_newest_are_read_and_that_is_said(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.accept_rate.MOST_DRAFTS", 3)
    told(office.run("completed"), [verdict(1, "length")] * 5, at=NOW - timedelta(hours=1))
    told(office.run("completed"), [verdict(0)] * 3)
    rates = accept_rates(since=SINCE)
    assert office.agent.current is not None
    assert (rates.complete, rates.of(office.agent.current.pk).percent) == (False, 100)


@pytest.mark.parametrize(("ask", "index"), [(corrections, "event_calls_judged"), (accept_rates, "event_drafts_judged")])
def test_one_query_by_its_own_index_however_many_other_events_there_are(
    office: Office, ask: Callable[..., object], index: str
) -> None:
    told(office.run("completed"), [("turn.started", {})] * 3_000 + [rejected("search"), verdict(0)])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    with CaptureQueriesContext(connection) as asked:
        ask(since=SINCE)
    assert len(asked) == 1
    explain = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
    with connection.cursor() as cursor:
        cursor.execute(f"{explain} {asked[0]['sql']}")
        plan = str(cursor.fetchall())
    assert index in plan
