"""The tables of tools: the list, one tool's breakers, arguments and runs that it hurt, and what servers offer."""

from django.urls import reverse

from agents.models import McpTool
from console.live.tool_ops import row_of
from console.screens import cells
from console.screens.grid import Grid
from console.screens.tools.hit import Hit
from console.screens.tools.selectors import ToolLine

ERRORS = {"class": "num tone", "data-tone": lambda record: "bad" if record.hour.failures else None}


class ToolsTable(Grid):
    """Tools or LLMs, the worst first; the head names which."""

    look = "tools-grid"

    state = cells.cell("tools/cells/state", "State", {"class": "tools-state"})
    name = cells.cell("tools/cells/name", "Tool", {"class": "tools-name"})
    chain = cells.cell("tools/cells/chain", "Chain, in order", {"class": "tools-chain", "data-phone": "wide"})
    calls = cells.cell("tools/cells/calls", "Calls 1 h", cells.NUMBER)
    spark = cells.cell("tools/cells/spark", cells.SPARK, {"class": "tools-spark", "data-phone": "hide"})
    errors = cells.cell(
        "tools/cells/errors",
        "Errors",
        {"class": "num tone", "data-tone": lambda record: "bad" if record.hour.failures else None},
    )
    p95 = cells.cell("tools/cells/p95", "p95", cells.NUMBER)
    hit = cells.cell("tools/cells/hit", "Runs hit 1 h", cells.NUMBER)
    agents = cells.cell("tools/cells/agents", "Agents", {"class": "tools-agents dim", "data-phone": "wide"})

    caption = "Tools, the worst first"

    def row_id(self, record: ToolLine) -> str:
        return row_of(record.tool.name)

    def address_of(self, record: ToolLine) -> str:
        return record.href

    def severity_of(self, record: ToolLine) -> int:
        return record.severity


class LLMsTable(ToolsTable):
    """The same of LLMs, each a chain of its own."""

    caption = "LLMs, the worst first"

    name = cells.cell("tools/cells/name", "LLM", {"class": "tools-name"})
    chain = None  # type: ignore[assignment]  # as the library takes a column out; its State is that of its only breaker


class AffectedTable(Grid):
    """Runs that met its trouble."""

    caption = "Runs that met its trouble, the last one first"
    look = "affected-grid"

    status = cells.status("run")
    run = cells.cell("tools/cells/run", "Run", {"class": "nowrap"})
    met = cells.words("words", "What it met", cells.WIDE)
    cost = cells.money("run__cost_nanos", "Cost")
    at = cells.ago("at", td=cells.NUMBER_END)

    def address_of(self, record: Hit) -> str:
        return reverse("runs:detail", args=[self.tenant_slug, record.run.pk])

    def severity_of(self, record: Hit) -> int:
        return record.run.severity


class ChangesTable(Grid):
    """What became of the breakers."""

    caption = "Changes of its breakers, newest first"
    look = "changes-grid"

    at = cells.ago("change__at")
    link = cells.words("name", "Link")
    change = cells.cell("tools/cells/change", "Change", {"class": "nowrap"})
    why = cells.cell("tools/cells/change_why", "Why", cells.WIDE, of="change")
    said = cells.cell("tools/cells/change_said", "What it said", {"class": "change-said mono", "data-phone": "wide"})


class FieldsTable(Grid):
    """The arguments of a tool."""

    caption = "Arguments"
    look = "schema-grid"

    name = cells.cell(
        "tools/cells/field",
        "Field",
        {"class": "mono schema-name", "data-depth": lambda record: record.depth},
    )
    kind = cells.words("kind", "What", {"class": "nowrap"})
    bounds = cells.words("bounds", "Bounds", cells.QUIET)
    meaning = cells.words("meaning", "Meaning", cells.WIDE)


class OfferedTable(Grid):
    """What a server was seen to have."""

    caption = "Tools of this server, those that changed first"

    name = cells.words("name", "Tool", {"class": "mono"})
    state = cells.cell("tools/cells/offered", "State", {"class": "nowrap"})
    description = cells.words("description", "Description", {"class": "clip", "data-phone": "wide"})
    by = cells.cell("tools/cells/accepted_by", "Accepted by", cells.QUIET)
    verbs = cells.cell("tools/cells/accept", cells.VERBS, cells.NUMBER_END)

    def severity_of(self, record: McpTool) -> int | None:
        return 2 if record.changed or (record.gone_at and record.accepted_digest) else None
