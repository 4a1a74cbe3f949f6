"""The last page of a soak."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter

from agents.contracts.endings import TERMINAL
from tests.soak.far_end import FarEnd
from tests.soak.plain_rows import PlainDatabase, Row, instant
from tests.soak.tally import Tally

WOKEN = frozenset({"run.launched", "run.resumed", "run.handed_on", "run.paused", "approval.decided", "effect.resolved"})
"""What may stand before a claim without a worker having been lost."""
REASONS = """
    SELECT state || ': ' || reason, COUNT(*) FROM agents_run WHERE state NOT IN ('completed', 'killed')
    GROUP BY state || ': ' || reason
"""
CLAIMED_AGAIN = """
    SELECT run_id, kind, at FROM agents_eventrow WHERE run_id IN (
        SELECT run_id FROM agents_eventrow WHERE kind = 'run.claimed' GROUP BY run_id HAVING COUNT(*) > 1
    ) ORDER BY run_id, seq
"""
LIVE = """
    SELECT id, state, due_at, attempts, epoch, lease_owner, lease_expires_at, kill_requested_at FROM agents_run
    WHERE state NOT IN ({})
""".format(", ".join(f"'{state}'" for state in sorted(TERMINAL)))
LAST_EVENTS = 12
AT_ONCE = timedelta(seconds=1)
"""Before a claim: what its holder writes of what it found belongs to it."""


def summary(tally: Tally, database: PlainDatabase, *, far_end: FarEnd) -> str:
    """Runs, faults, checks, the longest recovery, and what was wrong."""
    with database.at_one_moment() as rows:
        states: dict[str, int] = dict(rows("SELECT state, COUNT(*) FROM agents_run GROUP BY state ORDER BY state"))
        reasons: dict[str, int] = dict(rows(REASONS))
        gaps = list(_taken_over(rows(CLAIMED_AGAIN)))
    longest, run = max(gaps, default=(0.0, "none"))
    arrived = far_end.arrivals()
    lines = [
        "",
        f"Runs       {sum(states.values())} launched: {_counts(states)}",
        *(f"  {count} x {reason}" for reason, count in sorted(reasons.items())),
        f"Acts       {_counts(tally.acts)}",
        f"Faults     {sum(tally.faults.values())}: {_counts(tally.faults)}",
        f"Checks     {sum(tally.checks.values())}: {_counts(tally.checks)}",
        f"Far end    {len(arrived)} effects in {sum(map(len, arrived.values()))} arrivals",
        f"Recovery   {len(gaps)} stretches taken over, the longest after {longest:.1f} s (run {run})",
        f"Violations {len(tally.violations)}",
        *(f"  {violation}" for violation in tally.violations),
    ]
    return "\n".join(lines)


def stranded(database: PlainDatabase) -> str:
    """Each live run with its lease and its last events, for whoever looks for the cause."""
    lines = []
    with database.at_one_moment() as rows:
        for run in rows(LIVE):
            lines.append(f"    {tuple(map(str, run))}")
            last = f"SELECT seq, kind, at, data FROM agents_eventrow WHERE run_id = '{run[0]}' ORDER BY seq DESC"
            lines += [f"      {event}" for event in reversed(rows(f"{last} LIMIT {LAST_EVENTS}"))]
    return "\n".join(lines)


def _taken_over(events: list[Row]) -> Iterator[tuple[float, str]]:
    """Seconds from the last sign of a worker to the claim by which another one went on, with the run."""
    for run, grouped in groupby(events, key=itemgetter(0)):
        before: list[tuple[str, datetime]] = []
        for _, kind, stored in grouped:
            at = instant(stored)
            if kind == "run.claimed" and before:
                signs = [sign for sign in before if sign[1] < at - AT_ONCE] or before
                if not WOKEN & {kind for kind, _ in before[-3:]}:
                    yield (at - signs[-1][1]).total_seconds(), run
                before = []
            before.append((kind, at))


def _counts(counted: Mapping[str, int] | Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counted.items()))
