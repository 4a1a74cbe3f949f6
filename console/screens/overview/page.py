"""The Overview in figures and words, ready to be drawn; the live feed sends the same words again."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from console.live import figures
from console.live.status import Status, Tone
from console.screens.overview.burners import Burner, burners_of
from console.screens.overview.calm import Calm, calm_since
from console.screens.overview.catalogue import ToolAt
from console.screens.overview.changes import Changed, changes_of
from console.screens.overview.chart import Chart, chart_of
from console.screens.overview.facts import Facts
from console.screens.overview.needs import needs_of
from console.screens.overview.ranking import Need

SHOWN, MORE_SHOWN = 5, 20
SHOWN_ON_WALL = 7
"""Where its screen is high enough; on a lower one as many as on the page."""


@dataclass(frozen=True, slots=True)
class Page:
    """``calm`` is None while something needs a person."""

    facts: Facts
    needs: Sequence[Need]
    calm: Calm | None
    burners: Sequence[Burner]
    chart: Chart
    changes: Sequence[Changed]
    tools: Sequence[ToolAt]

    @property
    def first_needs(self) -> Sequence[Need]:
        """Those that stand on the page at once; the others open below them."""
        return self.needs[:SHOWN]

    @property
    def more_needs(self) -> Sequence[Need]:
        return self.needs[SHOWN : SHOWN + MORE_SHOWN]

    @property
    def more(self) -> int:
        """How many do not stand on the page at once."""
        return max(0, len(self.needs) - SHOWN)

    @property
    def wall_needs(self) -> Sequence[Need]:
        """Those that a high wall has room for."""
        return self.needs[:SHOWN_ON_WALL]

    @property
    def more_than_wall(self) -> int:
        """How many even a high wall has no room for."""
        return max(0, len(self.needs) - SHOWN_ON_WALL)

    @property
    def unshown(self) -> int:
        """How many of those are not even below."""
        return self.more - len(self.more_needs)

    @property
    def headline(self) -> str:
        """How many things need a person, in words."""
        count = len(self.needs)
        if not count:
            return "Nothing needs you"
        return "1 thing needs you" if count == 1 else f"{count} things need you"

    @property
    def tone(self) -> Tone:
        """That of the worst need."""
        if not self.needs:
            return "ok"
        return "bad" if any(need.tone == "bad" for need in self.needs) else "warn"

    @property
    def burn_now(self) -> str:
        return f"{figures.usd(self.facts.burn.now_nanos)}"

    @property
    def normal(self) -> str:
        """What a minute of this hour normally costs, or why nobody knows."""
        band = self.facts.burn.band
        if band is None:
            return "normal not known yet"
        return f"normal {figures.usd(band.low_nanos)}–{figures.usd(band.high_nanos)}"

    @property
    def burn_tone(self) -> Tone:
        return "warn" if self.facts.burn.word == "above normal" else "dim"

    @property
    def projected(self) -> str:
        """How the day will end at this pace."""
        found = self.facts.today.projection
        return f"→ {figures.usd(found.nanos)} by midnight" if found else ""

    @property
    def projected_tone(self) -> Tone:
        return "bad" if self.facts.today.runs_over else "dim"

    @property
    def troubled_tools(self) -> Sequence[ToolAt]:
        return [each for each in self.tools if each.standing.severity]

    @property
    def well(self) -> int:
        """How many tools and LLMs have nothing wrong with them."""
        return len(self.tools) - len(self.troubled_tools)

    @property
    def tools_by_state(self) -> list[tuple[Status, list[ToolAt]]]:
        """The worst state first, with the tools that are in it."""
        return [(status, list(group)) for status, group in groupby(self.tools, key=lambda each: each.standing.status)]

    @property
    def shape(self) -> tuple[object, ...]:
        """What of the page is more than words in their places: when it changes, the page reads its regions again."""
        return (
            tuple((need.key, need.tone, need.title) for need in self.needs),
            self.calm is None or self.calm.since,
            tuple(each.run.id for each in self.burners),
            tuple(change.key for change in self.changes),
            tuple((each.tool.name, each.standing.status, each.standing.trouble) for each in self.tools),
            self.facts.runs.waiting_since,
            len(self.chart.bands),
            self.facts.today.account_id,
            self.facts.today.cap_nanos,
        )


def page_of(facts: Facts) -> Page:
    """One more query when all is calm: since when."""
    needs = needs_of(facts)
    return Page(
        facts=facts,
        needs=needs,
        calm=None if needs else calm_since(facts.tenant),
        burners=burners_of(facts.paced),
        chart=chart_of(facts.burn),
        changes=changes_of(facts.lines),
        tools=facts.tools,
    )
