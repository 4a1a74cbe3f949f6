"""The live benchmark: how long until what was committed is at fifty viewers' sockets, and to be read in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.benchmarks.databases import Databases
from tests.benchmarks.measured_process import measured_by
from tests.benchmarks.rows import Database

NAME = "live"
MINUTES = 1.0
START_S = 300
SOCKET_P95_MS, DOM_P95_MS, OPEN_MS = 100, 250, 1_000
MOST_GROWTH_MB = 20
"""In an hour, beyond what the first minute takes."""


def measure_live(url: str, scratch: Path, minutes: float) -> dict[str, Any]:
    """The figures on one database, which is empty. Raises CalledProcessError when the process failed."""
    patience_s, given = START_S + 90 * minutes, {"DJANGO_ALLOW_ASYNC_UNSAFE": "true"}
    return measured_by("our_live", "--minutes", minutes, url=url, scratch=scratch, patience_s=patience_s, **given)


def live_table(databases: Databases, minutes: float = MINUTES) -> tuple[str, dict[str, Any]]:
    """The lines to print, and the raw figures by database."""
    raw = {
        each.value: measure_live(databases.named(NAME, each), databases.scratch / f"{NAME}-{each.value}", minutes)
        for each in Database
    }
    head = "Live feed: from the commit until it is there, with one Daphne"
    return "\n".join([head, *(line for name, figures in raw.items() for line in lines(name, figures))]), raw


def lines(name: str, figures: dict[str, Any]) -> list[str]:
    """One database's lines."""
    (started, most, ended), trace = figures["daphne_mb"], figures["trace"]
    who = f"{figures['viewers']} viewers, {figures['runs']} runs, {figures['events_per_second']} events/s"
    return [
        f"  {name}: {who}, {figures['seconds']:.0f} s",
        f"    at the socket  {told(figures['socket_ms'], SOCKET_P95_MS)}",
        f"    in the page    {told(figures['dom_ms'], DOM_P95_MS)}",
        f"    Daphne         {started} MB, at most {most}, at the end {ended}: "
        f"{verdict(ended - started < MOST_GROWTH_MB)}; {figures['daphne_cpu']:.2f} cores",
        f"    layout shift   {figures['layout_shift']:.4f}: {verdict(figures['layout_shift'] == 0)}; "
        f"sockets lost {figures['sockets_lost']}: {verdict(figures['sockets_lost'] == 0)}",
        f"    {trace['steps']:,} steps  shown after {trace['open_ms']} ms; target < {OPEN_MS} ms: "
        f"{verdict(trace['open_ms'] < OPEN_MS)}; the next window after {trace['window_ms']} ms",
    ]


def told(delays: dict[str, float], most_ms: int) -> str:
    """Milliseconds, and whether the 95th of a hundred is soon enough."""
    if not delays["count"]:
        return "nothing was seen: MISSED"
    line = f"p50 {delays['p50']:.0f} ms, p95 {delays['p95']:.0f} ms, max {delays['max']:.0f} ms"
    return f"{line} of {delays['count']:.0f}; target p95 < {most_ms} ms: {verdict(delays['p95'] < most_ms)}"


def verdict(holds: bool) -> str:
    """As the other tables say it."""
    return "met" if holds else "MISSED"
