"""The rows of what needs a person, filled into their pattern."""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime

from django.utils.safestring import SafeString

from console.access.policy import Verb
from console.live import figures
from console.screens.overview.ranking import Need
from console.screens.pattern import Pattern


def need_rows(needs: Iterable[Need], *, verbs: Collection[Verb], now: datetime) -> list[SafeString]:
    """In their order; who may not do what helps gets a link to look instead."""
    pattern = Pattern("overview/_need.html")
    return [pattern.filled(places_of(need, now), [*marks_of(need, verbs)]) for need in needs]


def places_of(need: Need, now: datetime) -> dict[str, object]:
    """Each text by its name in the template."""
    moment = need.until or need.since
    return {
        "key": need.key,
        "href": need.href,
        "tone": need.tone,
        "tone_word": "bad" if need.tone == "bad" else "warning",
        "glyph": need.glyph,
        "title": need.title,
        "why": need.why,
        "moment_iso": moment.isoformat() if moment else "",
        "moment": figures.absolute(moment) if moment else "",
        "time_left": figures.until(need.until, now) if need.until else "",
        "ago": figures.age(int((now - need.since).total_seconds())) if need.since else "",
        "at_stake": " · ".join(_at_stake(need)),
        "act": need.act.label,
        "act_href": need.act.href,
    }


def marks_of(need: Need, verbs: Collection[Verb]) -> Iterator[str]:
    """Which of its parts the row has."""
    if need.until:
        yield "counts_down"
    elif need.since:
        yield "counts_up"
    if need.act.verb in verbs:
        yield "may_act"
    if need.act.dialog:
        yield "opens_dialog"
    if need.act.danger:
        yield "is_danger"


def _at_stake(need: Need) -> Iterator[str]:
    if need.nanos:
        yield f"{figures.usd(need.nanos)} {need.what}"
    if need.spread > 1:
        yield f"{figures.count(need.spread)} {need.of}"
