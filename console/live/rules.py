"""What each kind of event does to the rows of a trace."""

from collections.abc import Callable

from agents.contracts.events import Event, EventKind
from console.live.payload import items, number, text
from console.live.rows import Rows
from console.live.span import BAD, CALM, NOTICE, WARNING, Span
from console.live.status import run_status

Rule = Callable[[Rows, Event], None]

TOOL_SEVERITY = {"error": NOTICE, "degraded": WARNING, "blocked": WARNING, "denied": WARNING}
ATTEMPT_SEVERITY = {"failed": BAD, "timeout": BAD, "refused": NOTICE}


def _llm_row(rows: Rows, event: Event) -> Span | None:
    """The row of the LLM call that an event is about: its own span, else the newest call."""
    return rows.find(event.span_id) or rows.last("llm")


def model_started(rows: Rows, event: Event) -> None:
    purpose = text(event.data, "purpose")
    note = purpose if purpose in ("summary", "grade") else ""
    title = text(event.data, "llm") or "LLM"
    rows.open(event, "llm", title, note=note, input_tokens=number(event.data, "prompt_tokens"))


def model_retried(rows: Rows, event: Event) -> None:
    if row := _llm_row(rows, event):
        rows.note(row, f"retried after {text(event.data, 'error')}", severity=WARNING)


def model_fallback(rows: Rows, event: Event) -> None:
    if row := _llm_row(rows, event):
        to, error = text(event.data, "to"), text(event.data, "error")
        rows.note(row, f"fell back to {to} after {error}", severity=WARNING)


def model_ended(rows: Rows, event: Event) -> None:
    row = rows.find(event.span_id)
    if row is None:
        return
    data, status = event.data, text(event.data, "status") or "ok"
    counted = number(data, "input_tokens")
    row = rows.close(
        row,
        event,
        title=text(data, "llm") or row.title,
        status=status,
        input_tokens=row.input_tokens if counted is None else counted,
        output_tokens=number(data, "output_tokens"),
        cached_tokens=number(data, "cache_read_tokens"),
        severity=BAD if status == "failed" else CALM,
    )
    if status == "failed":
        rows.note(row, ": ".join(filter(None, (text(data, "error"), text(data, "detail")))))
    elif text(data, "finish") in {"length", "content_filter", "refusal"}:
        rows.note(row, f"finish: {text(data, 'finish')}", severity=WARNING)


def charge_booked(rows: Rows, event: Event) -> None:
    row = rows.find(event.span_id)
    if row is None:
        return
    data = event.data
    cost, running = number(data, "cost_nanos"), number(data, "run_cost_nanos")
    row = rows.change(row, cost_nanos=cost, running_cost_nanos=running)
    if data.get("unreconciled"):
        rows.note(row, "cost estimated", severity=NOTICE)
    if data.get("over_ceiling"):
        rows.note(row, "billed above its hold", severity=WARNING)


def hold_refused(rows: Rows, event: Event) -> None:
    scope = text(event.data, "scope")
    title = f"budget of the {scope} refused" if scope else "budget refused"
    rows.remark(event, "note", title, status="refused", note=text(event.data, "text"), severity=WARNING)


def breaker_tripped(rows: Rows, event: Event) -> None:
    if row := _llm_row(rows, event):
        rows.note(row, f"switched off: {text(event.data, 'reason')}", severity=WARNING)


def memory_compressed(rows: Rows, event: Event) -> None:
    before, after = number(event.data, "tokens_before") or 0, number(event.data, "tokens_after") or 0
    note = f"{before:,} to {after:,} tokens by {text(event.data, 'by')}"
    rows.remark(event, "memory", "memory compressed", status="ok", note=note)


def call_rejected(rows: Rows, event: Event) -> None:
    fields = [f"{text(field, 'path')}: {text(field, 'problem')}" for field in items(event.data, "fields")]
    why = text(event.data, "error_type").replace("_", " ")
    note = why + (f" ({'; '.join(fields[:3])})" if fields else "")
    _call(rows, event, status="rejected", note=note, severity=WARNING)


def call_blocked(rows: Rows, event: Event) -> None:
    circle = event.data.get("circle")
    round_about = f", in a circle of {', '.join(map(str, circle))}" if isinstance(circle, list) and circle else ""
    note = f"same call {number(event.data, 'repeats')} times{round_about}"
    _call(rows, event, status="blocked", note=note, severity=WARNING)


def call_deduped(rows: Rows, event: Event) -> None:
    _call(rows, event, status="deduped", note="recorded result, not called again", severity=CALM)


def _call(rows: Rows, event: Event, *, status: str, note: str, severity: int) -> None:
    title, call_id = text(event.data, "tool") or "tool", text(event.data, "call_id")
    rows.remark(event, "tool", title, status=status, note=note, severity=severity, call_id=call_id)


def tool_withdrawn(rows: Rows, event: Event) -> None:
    title = f"{text(event.data, 'tool')} withdrawn"
    note = f"after {number(event.data, 'rejections')} rejected calls in a row"
    rows.remark(event, "note", title, status="noted", note=note, severity=WARNING)


def tool_started(rows: Rows, event: Event) -> None:
    rows.open(event, "tool", text(event.data, "tool") or "tool", call_id=text(event.data, "call_id"))


def tool_fallback(rows: Rows, event: Event) -> None:
    row = rows.find(event.span_id) or rows.find(event.parent_span_id) or rows.last("tool")
    if row:
        to, error = text(event.data, "to"), text(event.data, "error")
        rows.note(row, f"fell back to {to} after {error}", severity=WARNING)


def tool_ended(rows: Rows, event: Event) -> None:
    row = rows.find(event.span_id)
    if row is None:
        return
    status = text(event.data, "status") or "ok"
    row = rows.close(row, event, status=status, severity=TOOL_SEVERITY.get(status, CALM))
    if reason := text(event.data, "reason"):
        rows.note(row, reason.replace("_", " "))


def attempt_started(rows: Rows, event: Event) -> None:
    if rows.begin.seq and rows.find(event.parent_span_id) is None:
        return  # its tool call is in an earlier window
    row = rows.open(event, "tool", text(event.data, "implementation") or f"attempt {event.attempt}")
    others = rows.siblings(row)
    rows.change(row, quiet=not others)
    for other in others:
        rows.change(other, quiet=False)


def attempt_ended(rows: Rows, event: Event) -> None:
    row = rows.find(event.span_id)
    if row is None:
        return
    status = text(event.data, "status") or "ok"
    row = rows.close(
        row,
        event,
        status=status,
        quiet=row.quiet and status == "ok",
        severity=ATTEMPT_SEVERITY.get(status, CALM),
    )
    if error := text(event.data, "error"):
        rows.note(row, error)


def approval_requested(rows: Rows, event: Event) -> None:
    title, call_id = f"approval of {text(event.data, 'tool')}", text(event.data, "call_id")
    rows.wait(event, "approval", title, status="waiting", severity=NOTICE, call_id=call_id)


def approval_decided(rows: Rows, event: Event) -> None:
    row = rows.last("approval", call_id=text(event.data, "call_id"))
    if row is None:
        return
    decision, by, note = (text(event.data, key) for key in ("decision", "by", "note"))
    row = rows.close(row, event, status=decision, severity=CALM if decision == "approved" else WARNING)
    edited = "arguments changed" if isinstance(event.data.get("edited"), dict) else ""
    rows.note(row, ": ".join(filter(None, (f"by {by}" if by else "", edited, note))))


def approval_voted(rows: Rows, event: Event) -> None:
    if row := rows.last("approval", call_id=text(event.data, "call_id")):
        edited = ", arguments changed" if isinstance(event.data.get("edited"), dict) else ""
        yeses, people = number(event.data, "yeses"), number(event.data, "people")
        rows.note(row, f"{yeses} of {people} yeses, by {text(event.data, 'by')}{edited}")


def effect_unknown(rows: Rows, event: Event) -> None:
    title, call_id = f"outcome of {text(event.data, 'tool')}", text(event.data, "call_id")
    note = "nobody knows whether it happened"
    rows.wait(event, "note", title, status="unknown", note=note, severity=WARNING, call_id=call_id)


def effect_resolved(rows: Rows, event: Event) -> None:
    row = rows.last("note", call_id=text(event.data, "call_id"))
    if row:
        how = text(event.data, "how").replace("_", " ")
        rows.close(row, event, status="ok", note=f"{how}, says {text(event.data, 'by')}")


def verdict_given(rows: Rows, event: Event) -> None:
    accepted = event.data.get("accepted") is True
    found = [text(issue, "text") for issue in items(event.data, "issues")]
    status, severity = ("accepted", CALM) if accepted else ("rejected", WARNING)
    revision = number(event.data, "revision")
    title = f"critic, revision {revision}" if revision else "critic"
    score = number(event.data, "score")
    title = title if score is None else f"{title}, graded {score} of 10"
    rows.remark(event, "critic", title, status=status, note="; ".join(found[:3]), severity=severity)


def grade_failed(rows: Rows, event: Event) -> None:
    if row := _llm_row(rows, event):
        rows.note(row, f"gave no grade: {text(event.data, 'why')}", severity=NOTICE)


def note_added(rows: Rows, event: Event) -> None:
    note = text(event.data, "text")
    rows.remark(event, "note", "note", status="noted", note=note, severity=NOTICE)


def kill_requested(rows: Rows, event: Event) -> None:
    by, reason = text(event.data, "by"), text(event.data, "reason")
    note = f"by {by}: {reason}" if reason else f"by {by}"
    rows.wait(event, "kill", "kill", status="requested", note=note, severity=WARNING)


def kill_acknowledged(rows: Rows, event: Event) -> None:
    if row := rows.last("kill"):
        after = number(event.data, "after_ms")
        note = "" if after is None else f"acknowledged after {after} ms"
        rows.note(row, note, status="acknowledged")


def run_claimed(rows: Rows, event: Event) -> None:
    again = number(event.data, "attempt") or event.attempt or 1
    if again < 2:
        return
    _end_what_is_open(rows, event, "lost", WARNING)
    note = f"attempt {again}, by {text(event.data, 'worker')}"
    rows.remark(event, "note", "taken over", status="noted", note=note, severity=NOTICE)


def run_paused(rows: Rows, event: Event) -> None:
    if text(event.data, "state") == "waiting_approval":
        return  # the row of the approval says so, and for how long
    word, reason = run_status(text(event.data, "state") or "paused").word, text(event.data, "reason")
    rows.remark(event, "note", word, status="noted", note=reason, severity=NOTICE)


def run_resumed(rows: Rows, event: Event) -> None:
    by = text(event.data, "by")
    rows.remark(event, "note", "resumed", status="noted", note=f"by {by}" if by else "")


def run_ended(rows: Rows, event: Event) -> None:
    state, reason = text(event.data, "state"), text(event.data, "reason")
    if state == "killed" and (row := rows.last("kill")):
        rows.close(row, event.model_copy(update={"duration_ms": None}), status="stopped")
        _end_what_is_open(rows, event, "killed", CALM)
        return
    _end_what_is_open(rows, event, "lost", CALM)
    if state != "completed":
        severity = BAD if state in {"failed", "dead"} else WARNING
        rows.remark(event, "note", state, status="noted", note=reason, severity=severity, duration_ms=0)


def error_raised(rows: Rows, event: Event) -> None:
    title = f"error in {text(event.data, 'where')}"
    rows.remark(event, "note", title, status="failed", note=text(event.data, "error"), severity=BAD)


def _end_what_is_open(rows: Rows, event: Event, status: str, severity: int) -> None:
    """Spans that nobody will end any more; what waits for a person goes on waiting unless the run is over."""
    over = event.kind == "run.ended"
    closing = event.model_copy(update={"duration_ms": None})
    for row in rows.spans:
        if row.open and (over or row.kind in {"llm", "tool"}):
            rows.close(row, closing, status=status, severity=severity)


RULES: dict[EventKind, Rule] = {
    "model.started": model_started,
    "model.retried": model_retried,
    "model.fallback": model_fallback,
    "breaker.tripped": breaker_tripped,
    "model.ended": model_ended,
    "charge.booked": charge_booked,
    "hold.refused": hold_refused,
    "memory.compressed": memory_compressed,
    "call.rejected": call_rejected,
    "call.blocked": call_blocked,
    "call.deduped": call_deduped,
    "tool.withdrawn": tool_withdrawn,
    "tool.started": tool_started,
    "tool.fallback": tool_fallback,
    "tool.ended": tool_ended,
    "attempt.started": attempt_started,
    "attempt.ended": attempt_ended,
    "approval.requested": approval_requested,
    "approval.voted": approval_voted,
    "approval.decided": approval_decided,
    "effect.unknown": effect_unknown,
    "effect.resolved": effect_resolved,
    "verdict.given": verdict_given,
    "grade.failed": grade_failed,
    "note.added": note_added,
    "kill.requested": kill_requested,
    "kill.acknowledged": kill_acknowledged,
    "run.claimed": run_claimed,
    "run.paused": run_paused,
    "run.resumed": run_resumed,
    "run.ended": run_ended,
    "error.raised": error_raised,
}
"""Kinds without a rule make no row: launches, turns, holds that were placed or released, checkpoints."""
