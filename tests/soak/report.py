"""The last page of a soak."""

from collections import Counter
from collections.abc import Mapping

from tests.soak.far_end import FarEnd
from tests.soak.plain_rows import PlainDatabase, instant
from tests.soak.tally import Tally

WOKEN = (
    "run.launched",
    "run.resumed",
    "run.handed_on",
    "run.paused",
    "approval.decided",
    "effect.resolved",
    "note.added",
)
"""What may stand before a claim without a worker having been lost."""
REASONS = """
    SELECT state || ': ' || reason, COUNT(*) FROM agents_run WHERE state NOT IN ('completed', 'killed')
    GROUP BY state || ': ' || reason
"""
CLAIMS = """
    SELECT c.run_id, b.at, c.at FROM agents_eventrow c
    JOIN agents_eventrow b ON b.run_id = c.run_id AND b.seq = c.seq - 1
    WHERE c.kind = 'run.claimed' AND b.kind NOT IN ({})
"""


def summary(tally: Tally, database: PlainDatabase, *, far_end: FarEnd) -> str:
    """Runs, faults, checks, the longest recovery, and what was wrong."""
    with database.at_one_moment() as rows:
        states: dict[str, int] = dict(rows("SELECT state, COUNT(*) FROM agents_run GROUP BY state ORDER BY state"))
        reasons: dict[str, int] = dict(rows(REASONS))
        claims = rows(CLAIMS.format(", ".join(f"'{kind}'" for kind in WOKEN)))
    gaps = [((instant(claimed) - instant(before)).total_seconds(), run) for run, before, claimed in claims]
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


def _counts(counted: Mapping[str, int] | Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counted.items()))
