"""Runs as lines of CSV or JSON: exactly those of a filter, read a part at a time so that memory stays flat."""

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Literal

from django.db.models import QuerySet

from agents.models import Run
from budgets.money import format_usd
from console.screens.runs.filters import SEVERITIES
from console.screens.runs.tiers import tier_name

Format = Literal["csv", "jsonl"]
ROWS_AT_ONCE = 500
COLUMNS = (
    *("id", "state", "severity", "agent", "version", "surface", "tier", "user", "session", "launched_by", "llm"),
    *("created_at", "started_at", "ended_at", "steps", "errors", "turns", "cost_nanos", "cost_usd", "cap_nanos"),
    *("input_tokens", "output_tokens", "reason", "doing", "task"),
)
FORMULA_STARTS = frozenset("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
"""A spreadsheet takes a cell that begins so for a formula, whatever wrote it; in full width too."""

WORDS = {number: word for word, number in SEVERITIES.items()}
Cell = str | int | None


def lines_of(runs: QuerySet[Run], form: Format) -> Iterator[str]:
    """The head, then a text for each part, the newest run first; runs that are launched meanwhile are left out."""
    if form == "csv":
        yield _csv([COLUMNS])
    part = _read(runs)
    while part:
        yield FORMATS[form]([_cells(run) for run in part])
        part = _read(runs.filter(pk__lt=part[-1].pk))


def _read(runs: QuerySet[Run]) -> list[Run]:
    """A query for each part, rather than one cursor that stays open as long as somebody reads slowly."""
    rows = (
        runs.order_by("-pk").select_related("surface", "version").defer("answer", "limits", "missing", "version__spec")
    )
    return list(rows.annotate(tier=tier_name())[:ROWS_AT_ONCE])


def neutral(cell: Cell) -> Cell:
    """Text that a spreadsheet could run, marked as text; numbers are ours and stay."""
    if isinstance(cell, str) and cell.lstrip(" \u00a0")[:1] in FORMULA_STARTS and cell:
        return f"'{cell}"
    return cell


def _cells(run: Run) -> tuple[Cell, ...]:
    return (
        *(run.pk, run.state, WORDS[min(run.severity, 3)], run.agent_name, run.version.number, run.surface.slug),
        *(getattr(run, "tier", ""), run.user, run.session, run.launched_by, run.llm),
        *(_moment(run.created_at), _moment(run.started_at), _moment(run.ended_at)),
        *(run.steps_count, run.errors_count, run.turn, run.cost_nanos, format_usd(run.cost_nanos).lstrip("$")),
        *(run.cap_nanos, run.input_tokens, run.output_tokens, run.reason, run.doing, run.task),
    )


def _moment(at: datetime | None) -> str:
    return at.isoformat(timespec="milliseconds") if at else ""


def _csv(rows: Sequence[Sequence[Cell]]) -> str:
    """Lines end in CR LF, and breaks within a cell in LF alone, so that lines can be counted."""
    text = io.StringIO()
    csv.writer(text).writerows([neutral(_one_break(cell)) for cell in row] for row in rows)
    return text.getvalue()


def _one_break(cell: Cell) -> Cell:
    return cell.replace("\r\n", "\n").replace("\r", "\n") if isinstance(cell, str) else cell


def _jsonl(rows: Sequence[Sequence[Cell]]) -> str:
    return "".join(f"{json.dumps(dict(zip(COLUMNS, row, strict=True)), ensure_ascii=False)}\n" for row in rows)


FORMATS: dict[Format, Callable[[Sequence[Sequence[Cell]]], str]] = {"csv": _csv, "jsonl": _jsonl}
