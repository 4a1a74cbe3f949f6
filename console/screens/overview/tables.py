"""The tables of the Overview: the runs that burn, and the links of walls."""

from django.urls import reverse

from console.screens import cells
from console.screens.grid import Grid
from console.screens.overview.burners import Burner


class BurnersTable(Grid):
    """Its figures are fed by ``console.live.overview_ops``, under the ids of the cells."""

    caption = "The runs that spend fastest"
    look = "burners-grid"

    run = cells.cell("overview/cells/run", "Run", {"class": "nowrap"})
    doing = cells.cell(
        "overview/cells/doing", "Now", {"class": "clip dim", "id": lambda record: f"b-{record.run.id}-doing"}, of="run"
    )
    cost = cells.cell("overview/cells/cost", "Cost / cap", cells.NUMBER, of="run")
    pace = cells.cell("overview/cells/pace", "$/min", cells.NUMBER)
    spark = cells.cell("overview/cells/spark", "20 min", {"data-phone": "hide"})
    left = cells.cell("overview/cells/left", "Cap in", cells.NUMBER)
    verbs = cells.cell("overview/cells/kill", cells.VERBS, {"class": "num verb-cell", "data-phone": "end"})

    def row_id(self, record: Burner) -> str:
        return f"b-{record.run.id}"

    def address_of(self, record: Burner) -> str:
        return reverse("runs:detail", args=[self.tenant_slug, record.run.id])

    def severity_of(self, record: Burner) -> int:
        return record.run.severity


class WallsTable(Grid):
    """Links that stand."""

    caption = "Links of walls that stand, newest first"

    place = cells.words("place", "Where")
    by = cells.words("made_by", "Made by")
    at = cells.ago("made_at")
    verbs = cells.cell("overview/cells/revoke", cells.VERBS, cells.VERB_CELL)
