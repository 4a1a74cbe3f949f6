"""What a row of the list says of its run, as texts for the places of its template. Pure."""

from collections.abc import Iterator
from datetime import datetime

from agents.models import Run
from console.live import figures
from console.live.status import Status, run_status, severity_status
from console.screens.elapsed import took_ms
from console.screens.run.spending import left_text, left_tone, rate_text
from console.screens.runs.selectors import Burning, ListedRun
from console.screens.runs.spark import spark

OWN_TIER = "@"
"""In the name of a tier that is one user's."""


def places_of(listed: ListedRun, burning: Burning, *, href: str, now: datetime) -> dict[str, object]:
    """Each text by its name in the template."""
    run = listed.run
    return {
        "id": f"r-{run.pk}",
        "pk": run.pk,
        "href": href,
        "severity": run.severity,
        "state": run.state,
        "short": run.short,
        "agent": run.agent_name,
        **_status("worst", severity_status(run.severity)),
        **_status("status", run_status(run.state, kill_acknowledged=run.kill_acknowledged_at is not None)),
        "whose": f"{run.surface.slug} · {run.user}" if run.user else run.surface.slug,
        "tier": listed.tier,
        "doing": run.reason if run.ended else run.doing or run.reason,
        "task_start": listed.task_start,
        "steps": figures.count(run.steps_count),
        "errors": figures.count_or_none(run.errors_count),
        **_money(run, burning),
        "took": figures.duration(took_ms(run)),
        "launched_iso": run.created_at.isoformat(),
        "launched": figures.absolute(run.created_at),
        "ago": figures.age(int((now - run.created_at).total_seconds())),
    }


def marks_of(listed: ListedRun, burning: Burning, *, may_kill: bool) -> Iterator[str]:
    """Which of its parts the row has."""
    run = listed.run
    if OWN_TIER in listed.tier:
        yield "has_own_limits"
    if run.cap_nanos is not None:
        yield "is_capped"
    if any(burning.minutes):
        yield "is_burning"
    if run.ended_at is not None:
        yield "has_ended"
    if may_kill and not run.ended and run.kill_requested_at is None:
        yield "may_kill"


def _status(name: str, status: Status) -> dict[str, str]:
    return {f"{name}_word": status.word, f"{name}_glyph": status.glyph, f"{name}_tone": status.tone}


def _money(run: Run, burning: Burning) -> dict[str, object]:
    return {
        "cost": figures.usd(run.cost_nanos),
        "cap": figures.usd(run.cap_nanos),
        "meter_width": figures.meter_width(run.cost_nanos, run.cap_nanos),
        "meter_tone": figures.meter_tone(run.cost_nanos, run.cap_nanos),
        "points": spark(burning.minutes),
        "rate": rate_text(burning.pace),
        "left": left_text(burning.pace),
        "left_tone": left_tone(burning.pace),
    }
