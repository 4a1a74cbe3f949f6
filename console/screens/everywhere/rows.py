"""A tenant as a row among others: what is most urgent there, what goes on, what it costs. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from console.live import figures
from console.live.status import Status
from console.screens.overview.facts import Facts
from console.screens.overview.money import Budget
from console.screens.overview.needs import needs_of
from console.screens.overview.ranking import Need
from console.screens.tools.selectors import address_of

DEGRADED = 2
TOOLS_SHOWN = 2


@dataclass(frozen=True, slots=True)
class HitTool:
    """A tool or an LLM in trouble, and how many runs at work in this tenant have it."""

    title: str
    status: Status
    trouble: str
    runs: int
    href: str


@dataclass(frozen=True, slots=True)
class TenantRow:
    """``needs`` are those of the tenant's own Overview, the most urgent first."""

    facts: Facts
    needs: Sequence[Need]
    hit: Sequence[HitTool]

    @property
    def worst(self) -> Need | None:
        return self.needs[0] if self.needs else None

    @property
    def more(self) -> int:
        """How many things need somebody beside the worst."""
        return max(0, len(self.needs) - 1)

    @property
    def severity(self) -> int:
        """As rows of runs have it: 3 for what is bad, 2 for what somebody should look at."""
        if not self.needs:
            return 0
        return 3 if any(need.tone == "bad" for need in self.needs) else 2

    @property
    def today(self) -> Budget:
        return self.facts.today

    @property
    def projected(self) -> str:
        """Where the day ends at this pace; nothing while it is too early to say."""
        found = self.today.projection
        return figures.usd(found.nanos) if found else ""

    @property
    def tools_shown(self) -> Sequence[HitTool]:
        return self.hit[:TOOLS_SHOWN]

    @property
    def tools_unshown(self) -> int:
        return max(0, len(self.hit) - TOOLS_SHOWN)


@dataclass(frozen=True, slots=True)
class Sums:
    """All tenants of the page together, in counts and nano-USD."""

    tenants: int
    needing: int
    running: int
    waiting: int
    failed: int
    spent_nanos: int
    burn_nanos: int
    is_cut: bool


def rows_of(facts: Iterable[Facts]) -> list[TenantRow]:
    """The tenant whose most urgent need weighs most first; those that need nobody by what failed and what they burn."""
    rows = [TenantRow(each, needs_of(each), hit_tools(each)) for each in facts]
    return sorted(rows, key=_calmness)


def hit_tools(facts: Facts) -> list[HitTool]:
    """Tools and LLMs in trouble that runs at work here may call, the worst first."""
    found = []
    for each in facts.tools:
        agents = {holder.agent for holder in each.tool.holders}
        runs = sum(1 for run in facts.runs.at_work if run.agent in agents)
        if runs and each.standing.severity >= DEGRADED:
            href = address_of(facts.tenant, each.tool)
            found.append(HitTool(each.tool.title, each.standing.status, each.standing.trouble, runs, href))
    return found


def sums_of(rows: Sequence[TenantRow]) -> Sums:
    """Sums over the rows; a count of which one is cut is cut."""
    return Sums(
        tenants=len(rows),
        needing=sum(1 for row in rows if row.needs),
        running=sum(len(row.facts.runs.at_work) for row in rows),
        waiting=sum(len(row.facts.runs.waiting) for row in rows),
        failed=sum(len(row.facts.runs.failed) for row in rows),
        spent_nanos=sum(row.today.spent_nanos for row in rows),
        burn_nanos=sum(row.facts.burn.now_nanos for row in rows),
        is_cut=any(row.facts.runs.is_cut for row in rows),
    )


def _calmness(row: TenantRow) -> tuple[int, bool, int, int, str]:
    worst = row.worst
    weight, is_bad = (worst.weight, worst.tone == "bad") if worst else (0, False)
    return -weight, not is_bad, -len(row.facts.runs.failed), -row.facts.burn.now_nanos, row.facts.tenant.slug
