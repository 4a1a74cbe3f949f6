"""How often the critic lets the drafts of an agent version out, and what it objects to."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from agents.newest_events import VERDICTS, newest

MOST_DRAFTS = 5_000
ENOUGH_DRAFTS = 20
LEAST_PERCENT = 70


@dataclass(slots=True)
class AcceptRate:
    """Of one agent version. ``revised`` answers were accepted after at least one rejection; ``flagged`` never were."""

    judged: int = 0
    accepted: int = 0
    at_once: int = 0
    flagged_runs: set[str] = field(default_factory=set)
    issues: Counter[str] = field(default_factory=Counter)

    def take(self, run_id: str, state: str, said: Mapping[str, object]) -> None:
        """Count one verdict of a run that is in this state now."""
        accepted, issues = said.get("accepted") is True, said.get("issues")
        self.judged += 1
        self.accepted += accepted
        self.at_once += accepted and said.get("revision") == 0
        if state == "flagged":
            self.flagged_runs.add(run_id)
        if isinstance(issues, list):
            self.issues.update({str(issue.get("check")) for issue in issues if isinstance(issue, dict)})

    @property
    def revised(self) -> int:
        """Accepted, and not at once."""
        return self.accepted - self.at_once

    @property
    def flagged(self) -> int:
        """Runs whose last draft went out with a flag."""
        return len(self.flagged_runs)

    @property
    def percent(self) -> int | None:
        """Accepted of 100 judged drafts; None when none was judged."""
        return 100 * self.accepted // self.judged if self.judged else None

    @property
    def blames_the_prompt(self) -> bool:
        """Under 70 % of enough drafts: it is the prompt that is broken, not this output or that."""
        return self.judged >= ENOUGH_DRAFTS and 100 * self.accepted < LEAST_PERCENT * self.judged

    @property
    def advice(self) -> str:
        """What to do about it, in one sentence; "" when nothing is to be done."""
        if not self.blames_the_prompt:
            return ""
        worst = ", ".join(name for name, _ in self.issues.most_common(2))
        return f"Only {self.percent} % of its drafts pass: mend the prompt, not the output (most often wrong: {worst})."


@dataclass(frozen=True, slots=True)
class AcceptRates:
    """By the id of the agent version; not `complete` when there were more drafts than are read: the newest are."""

    since: datetime
    by_version: Mapping[int, AcceptRate]
    complete: bool

    def of(self, version_id: int) -> AcceptRate:
        """One version's; nothing judged when it had no drafts."""
        return self.by_version.get(version_id, AcceptRate())


def accept_rates(*, since: datetime) -> AcceptRates:
    """What the critic said since then, by agent version, over the runs of all tenants; counts only. One query."""
    columns = ("run_id", "run__version_id", "run__state", "data")
    rows, complete = newest(VERDICTS, since=since, most=MOST_DRAFTS, columns=columns)
    found: dict[int, AcceptRate] = {}
    for run_id, version_id, state, said in rows:
        assert isinstance(version_id, int), "a run has a version"
        found.setdefault(version_id, AcceptRate()).take(str(run_id), str(state), said if isinstance(said, dict) else {})
    return AcceptRates(since, found, complete)
