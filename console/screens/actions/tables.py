"""The tables of actions: all of a tenant's, and those on one run."""

from collections.abc import Sequence

from budgets.models import Tenant
from console.screens import cells
from console.screens.actions.selectors import Done
from console.screens.grid import Grid


class ActionsTable(Grid):
    """Newest first, as they come."""

    caption = "What people did, newest first"
    look = "actions-grid"

    when = cells.cell("actions/cells/when", "When")
    who = cells.cell("actions/cells/who", "Who")
    what = cells.cell("actions/cells/what", "What")
    changes = cells.cell("actions/cells/changes", "Changed")
    why = cells.cell("actions/cells/why", "Why")
    via = cells.cell("actions/cells/via", "From")

    def __init__(self, done: Sequence[Done], *, tenant: Tenant) -> None:
        self.tenant = tenant
        super().__init__(done)

    def row_id(self, record: Done) -> str:
        return f"a-{record.action.pk}"


class RunActionsTable(Grid):
    """On one run, whose page says which."""

    caption = "What people did on this run, newest first"
    look = "acts-grid"

    when = cells.cell("run/cells/act_at", "When", {"class": "nowrap"})
    who = cells.words("action__actor", "Who", {"class": "nowrap"})
    what = cells.cell("run/cells/act", "What")
    why = cells.words("action__reason", "Why")
    via = cells.words("action__via", "From", {"class": "dim nowrap"})
