"""The tables of agents and of one agent's versions."""

import django_tables2 as tables

from console.screens import cells
from console.screens.agents.selectors import AgentLine, VersionLine
from console.screens.grid import Grid


def _cell(name: str, header: str, *, td: dict[str, str] | None = None) -> tables.Column:
    """A column drawn by ``agents/cells/<name>.html``."""
    return cells.cell(f"agents/cells/{name}", header, td)


class RunsColumn(cells.Drawn):
    """How many runs of some kind; a dim dash for none, so that the rows that matter stand out."""

    def __init__(self, header: str, kind: str) -> None:
        self._kind, self._word = kind, header.lower()
        attrs = {"td": {"class": self._tone, "data-label": self._label}, "th": {"class": "num"}}
        super().__init__(verbose_name=header, orderable=False, attrs=attrs)

    def drawn(self, record: AgentLine | VersionLine, table: tables.Table) -> str:  # noqa: ARG002 - as all columns
        """With a separator for thousands."""
        value = getattr(record.tally, self._kind)
        return f"{value:,}" if value else "–"

    def _tone(self, record: AgentLine | VersionLine) -> str:
        return "num" if getattr(record.tally, self._kind) else "num dim"

    def _label(self, record: AgentLine | VersionLine) -> str:
        """The word behind the figure on a phone."""
        return "run" if self._kind == "runs" and record.tally.runs == 1 else self._word


class AgentsTable(Grid):
    """One row an agent."""

    caption = "Agents, by name"
    look = "agents-grid"

    name = _cell("name", "Agent", td={"data-phone": "wide"})
    version = _cell("version", "Version")
    llms = _cell("llms", "LLMs", td={"class": "clip", "data-phone": "hide"})
    tools = _cell("tools", "Tools", td={"class": "clip", "data-phone": "hide"})
    runs = RunsColumn("Runs", "runs")
    completed = RunsColumn("Completed", "completed")
    flawed = RunsColumn("With a flaw", "flawed")
    failed = RunsColumn("Failed", "failed")
    accepted = _cell("accepted", "Accepted", td={"class": "num", "data-label": "accepted"})
    cost = _cell("cost", "Cost", td={"class": "num", "data-label": "cost"})

    def address_of(self, record: AgentLine) -> str:
        return f"/t/{self.tenant_slug}/agents/{record.agent.name}/"


class VersionsTable(Grid):
    """One row a version."""

    caption = "Versions, newest first"
    look = "versions-grid"

    number = _cell("number", "Version", td={"data-phone": "wide"})
    made = _cell("made", "Made")
    note = _cell("note", "Why", td={"class": "clip"})
    runs = RunsColumn("Runs", "runs")
    completed = RunsColumn("Completed", "completed")
    flawed = RunsColumn("With a flaw", "flawed")
    failed = RunsColumn("Failed", "failed")
    accepted = _cell("accepted", "Accepted", td={"class": "num", "data-label": "accepted"})
    cost = _cell("cost", "Cost", td={"class": "num", "data-label": "cost"})
    verbs = _cell("verbs", cells.VERBS, td={"class": "verb-cell"})

    def __init__(self, data: list[VersionLine], *, may_bring_back: bool) -> None:
        """Its verb stands only where there is something to bring back, for those who may."""
        super().__init__(data, exclude=() if may_bring_back and len(data) > 1 else ("verbs",))
