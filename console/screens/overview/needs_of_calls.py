"""Calls that wait for a person: for a yes, or for a word on what became of them. Pure."""

from collections.abc import Iterator
from itertools import groupby

from django.urls import reverse

from agents.contracts.ids import short_id
from console.screens.overview.facts import Facts
from console.screens.overview.lines import Line, of_kind
from console.screens.overview.live_runs import SeenRun
from console.screens.overview.ranking import SOME_DAY, Act, Need

PREVIEW_CHARACTERS = 140


def asked_calls(facts: Facts) -> Iterator[Need]:
    """Approvals, those of one tool together; unanswered they deny themselves."""
    waiting = {run.id: run for run in facts.runs.waiting}
    for tool, lines in _by_tool(of_kind(facts.lines, "asked")):
        first = min(lines, key=lambda line: line.at)
        many = len(lines) > 1
        href = reverse("approvals:list", args=[facts.tenant.slug]) if many else _approval(facts, first)
        yield Need(
            key=f"asked-{tool}",
            tone="warn",
            glyph="waiting",
            title=f"{len(lines)} calls of {tool} wait for a yes" if many else f"{tool} waits for a yes",
            why=_asked_why(first, waiting.get(first.run_id), many=many),
            href=href,
            act=Act("Approve…", href, "decide_routine"),
            nanos=sum(waiting[line.run_id].cost_nanos for line in lines if line.run_id in waiting),
            spread=len(lines),
            of="calls",
            left=first.at - facts.now,
            until=first.at,
        )


def unknown_effects(facts: Facts) -> Iterator[Need]:
    """Of which nobody knows whether they happened; their runs stand still until a person says so."""
    waiting = {run.id: run for run in facts.runs.waiting}
    for tool, lines in _by_tool(of_kind(facts.lines, "unknown")):
        first = min(lines, key=lambda line: line.at)
        many = len(lines) > 1
        own = reverse("runs:detail", args=[facts.tenant.slug, first.run_id])
        href = reverse("approvals:list", args=[facts.tenant.slug]) if many else own
        yield Need(
            key=f"unknown-{tool}",
            tone="bad",
            glyph="unknown",
            title=f"Did {len(lines)} calls of {tool} happen?" if many else f"Did {tool} happen?",
            why=f"Run {short_id(first.run_id)} was cut off after the call had left; nobody knows how it came out.",
            href=href,
            act=Act("Resolve…", href, "resolve_effect"),
            nanos=sum(waiting[line.run_id].cost_nanos for line in lines if line.run_id in waiting),
            spread=len(lines),
            of="calls",
            left=SOME_DAY / 6,
            since=first.at,
        )


def _by_tool(lines: list[Line]) -> Iterator[tuple[str, list[Line]]]:
    ordered = sorted(lines, key=lambda line: line.name)
    return ((tool, list(group)) for tool, group in groupby(ordered, key=lambda line: line.name))


def _approval(facts: Facts, line: Line) -> str:
    return reverse("approvals:detail", args=[facts.tenant.slug, int(line.ref)])


def _asked_why(line: Line, run: SeenRun | None, *, many: bool) -> str:
    said = " ".join(line.note.split())[:PREVIEW_CHARACTERS]
    who = f"{'The first: run' if many else 'Run'} {run.name if run else short_id(line.run_id)}"
    return f"{who} asks: {said}" if said else f"{who} stands still until somebody decides; unanswered it is denied."
