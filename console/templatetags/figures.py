"""Template filters and tags over console.live.figures and console.live.status."""

import json
from datetime import datetime
from typing import NamedTuple

from django import template
from django.utils import timezone
from pydantic import JsonValue

from agents.contracts.ids import short_id
from console.live import figures
from console.live.status import Status, run_status, severity_status, step_status

register = template.Library()

register.filter("usd", figures.usd)
register.filter("usd_delta", figures.usd_delta)
register.filter("duration", figures.duration)
register.filter("count", figures.count)
register.filter("count_or_none", figures.count_or_none)
register.filter("absolute", figures.absolute)
register.filter("moment", figures.moment)
register.filter("short_id", short_id)
register.filter("step_status", step_status)
register.filter("severity_status", severity_status)


class Meter(NamedTuple):
    """A meter ready to draw: ``width`` of 100 units."""

    width: int
    tone: str


@register.filter
def ago(moment: datetime) -> str:
    """How long ago: "1m 34s"."""
    return figures.age(int((timezone.now() - moment).total_seconds()))


@register.filter
def until(moment: datetime) -> str:
    """How long from now: "1m 34s"; "now" once it has come."""
    return figures.until(moment, timezone.now())


@register.filter
def iso(moment: datetime) -> str:
    """The moment as a machine reads it."""
    return moment.isoformat()


@register.filter
def words(text: str) -> list[str]:
    """The text cut at each space, to keep each part on one line; spaces between them give the text again."""
    return text.split(" ")


@register.filter
def pretty_json(value: JsonValue) -> str:
    """Indented JSON; the template escapes it."""
    return json.dumps(value, indent=2, ensure_ascii=False)


@register.simple_tag
def status_of(state: str, acknowledged_at: datetime | None = None) -> Status:
    """The status of a run in this state."""
    return run_status(state, kill_acknowledged=acknowledged_at is not None)


@register.simple_tag
def meter_of(spent: int, cap: int | None) -> Meter:
    """How a meter of ``spent`` against ``cap`` looks."""
    return Meter(figures.meter_width(spent, cap), figures.meter_tone(spent, cap))


class Gauge(NamedTuple):
    """A meter with what is held behind what is spent, of 100 units."""

    spent: int
    held_from: int
    held: int
    tone: str


@register.simple_tag
def gauge_of(spent: int, held: int, cap: int | None) -> Gauge:
    """How a gauge of spent and held money against a cap looks."""
    spent_width, both_width = figures.meter_width(spent, cap), figures.meter_width(spent + held, cap)
    return Gauge(spent_width, spent_width, both_width - spent_width, figures.meter_tone(spent + held, cap))


@register.simple_tag
def tokens(given: int | None, written: int | None) -> str:
    """Tokens in and out."""
    return figures.tokens(given, written)


@register.simple_tag
def tokens_in_words(given: int | None, written: int | None, cached: int | None) -> str:
    """Tokens in, cached and out, spelled out."""
    return figures.tokens_in_words(given, written, cached)
