"""The table of what becomes of a run's side effects in a new run."""

from console.screens import cells
from console.screens.grid import Grid


class PlanTable(Grid):
    """In the order of the steps."""

    caption = "Side effects, by step"
    look = "plan-table"

    step = cells.words("effect__step", "Step", {"class": "num dim"})
    effect = cells.cell("replay/cells/effect", "Effect", of="effect")
    fate = cells.cell("replay/cells/fate", "In the new run", cells.WIDE)
