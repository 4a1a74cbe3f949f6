"""Ops: small changes of leaf cells, sent to open pages; each may be applied twice without harm."""

import json
from collections.abc import Iterable
from datetime import timedelta

from django.template.loader import render_to_string
from django.utils import timezone

from agents.contracts.endings import HOLDING_A_WORKER
from agents.models import Run
from console.live import figures
from console.live.span import Span
from console.live.status import Status, run_status, severity_status, step_status
from console.screens.run.spending import left_text, left_tone, pace, pace_text, rate_text

Op = dict[str, str | int | None]

TRACE_ROW = "run/_trace_row.html"
TRACE_ROWS = "trace-rows"


def text(element: str, value: str) -> Op:
    return {"op": "text", "id": element, "value": value}


def attr(element: str, name: str, value: str | None) -> Op:
    """Set an attribute; None takes it away."""
    return {"op": "attr", "id": element, "name": name, "value": value}


def pill(run_id: str) -> Op:
    """A run that is newer than the page; the page counts those that it does not show."""
    return {"op": "pill", "count": 1, "key": run_id}


def refetch(epoch: str) -> Op:
    """Read the page's regions again; from then on the cursor counts in this epoch."""
    return {"op": "refetch", "epoch": epoch}


REREAD_STATE: Op = {"op": "refetch", "region": "state"}
"""The run's state has changed: what depends on it as a whole (panels, verbs) is read again."""


REREAD_FIGURES: Op = {"op": "refetch", "region": "figures"}
"""A run has changed its state: sums over many runs are read again, each page when it sees fit."""


def status_cells(element: str, glyph: str, word: str, status: Status) -> list[Op]:
    """A badge: its tone, its glyph and its word."""
    return [
        attr(element, "data-tone", status.tone),
        attr(glyph, "href", f"#g-{status.glyph}"),
        text(word, status.word),
    ]


def run_cells(run: Run) -> list[Op]:
    """Everything that a list or the head of a run's page shows of a run."""
    row = f"r-{run.id}"
    status = run_status(run.state, kill_acknowledged=run.kill_acknowledged_at is not None)
    return [
        attr(row, "data-state", run.state),
        attr(row, "data-severity", str(run.severity)),
        *_worst_cells(run, row),
        *status_cells(f"{row}-status", f"{row}-status-glyph", f"{row}-status-word", status),
        text(f"{row}-doing", run.reason if run.ended else run.doing or run.reason),
        text(f"{row}-turn", figures.count(run.turn)),
        text(f"{row}-steps", figures.count(run.steps_count)),
        text(f"{row}-errors", figures.count_or_none(run.errors_count)),
        text(f"{row}-cost", figures.usd(run.cost_nanos)),
        text(f"{row}-tokens", figures.tokens(run.input_tokens, run.output_tokens)),
        attr(f"{row}-meter", "data-tone", figures.meter_tone(run.cost_nanos, run.cap_nanos)),
        attr(f"{row}-meter-fill", "width", str(figures.meter_width(run.cost_nanos, run.cap_nanos))),
        *_ending_cells(run, row),
    ]


def _worst_cells(run: Run, row: str) -> list[Op]:
    worst = severity_status(run.severity)
    cells = status_cells(f"{row}-worst", f"{row}-worst-glyph", f"{row}-worst-word", worst)
    return [*cells, attr(f"{row}-worst", "title", worst.word)]


def _ending_cells(run: Run, row: str) -> list[Op]:
    if not run.ended:
        return [attr(f"{row}-live", "hidden", None), attr(f"{row}-end", "hidden", "")]
    lasted = (run.ended_at or timezone.now()) - run.created_at
    return [
        attr(f"{row}-live", "hidden", ""),
        attr(f"{row}-end", "hidden", None),
        attr(f"{row}-age", "data-rel", "done"),
        text(f"{row}-age", figures.duration(lasted // timedelta(milliseconds=1))),
    ]


def pace_cells(run: Run) -> list[Op]:
    """How fast the run spends, and when it will meet its cap."""
    found = None
    if run.state in HOLDING_A_WORKER:
        started_at = run.started_at or run.created_at
        found = pace(cost_nanos=run.cost_nanos, cap_nanos=run.cap_nanos, started_at=started_at, now=timezone.now())
    row = f"r-{run.id}"
    return [
        text(f"{row}-pace", pace_text(found)),
        text(f"{row}-rate", rate_text(found)),
        text(f"{row}-left", left_text(found)),
        attr(f"{row}-left", "data-tone", left_tone(found)),
    ]


def span_cells(span: Span) -> list[Op]:
    """Everything of a trace row that can change after it has appeared."""
    row = f"s-{span.span_id}"
    lasted = None if span.duration_ms is None else str(span.duration_ms)
    return [
        attr(row, "data-severity", str(span.severity)),
        attr(row, "data-quiet", "1" if span.quiet else "0"),
        *status_cells(f"{row}-status", f"{row}-glyph", f"{row}-word", step_status(span.status)),
        text(f"{row}-title", span.title),
        text(f"{row}-note", span.note),
        attr(f"{row}-bar", "data-ms", lasted),
        attr(f"{row}-bar", "data-open", "1" if lasted is None else None),
        text(f"{row}-dur", figures.duration(span.duration_ms or None)),
        text(f"{row}-tok", figures.tokens(span.input_tokens, span.output_tokens)),
        attr(f"{row}-tok", "title", figures.tokens_in_words(span.input_tokens, span.output_tokens, span.cached_tokens)),
        text(f"{row}-cost", figures.usd(span.cost_nanos)),
        text(f"{row}-sum", figures.usd(span.running_cost_nanos)),
    ]


def appended(span: Span) -> Op:
    """A new row of the trace, rendered as the page renders it."""
    html = render_to_string(TRACE_ROW, {"span": span})
    return {"op": "append", "id": TRACE_ROWS, "key": f"s-{span.span_id}", "html": html.strip()}


def changed(before: Iterable[Op], after: Iterable[Op]) -> list[Op]:
    """The ops of ``after`` that say something new."""
    known = list(before)
    return [op for op in after if op not in known]


def encode(ops: Iterable[Op]) -> str:
    """Ops as the inside of a JSON list."""
    return ",".join(json.dumps(op, ensure_ascii=False, separators=(",", ":")) for op in ops)


def frame(*, seq: int, prev: int, encoded_ops: str) -> str:
    """A frame: the page's cursor goes from ``prev`` to ``seq``."""
    return f'{{"seq":{seq},"prev":{prev},"ops":[{encoded_ops}]}}'
