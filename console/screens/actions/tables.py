"""The table of actions; its cells are in templates/actions/cells."""

from collections.abc import Sequence

import django_tables2 as tables

from budgets.models import Tenant
from console.screens import cells
from console.screens.actions.selectors import Done


def cell(name: str, header: str) -> tables.Column:
    """A column that is drawn by ``actions/cells/<name>.html``."""
    return cells.cell(f"actions/cells/{name}", header)


class ActionsTable(tables.Table):
    """Newest first, as they come."""

    caption = "What people did, newest first"

    when = cell("when", "When")
    who = cell("who", "Who")
    what = cell("what", "What")
    changes = cell("changes", "Changed")
    why = cell("why", "Why")
    via = cell("via", "From")

    class Meta:
        template_name = "components/table.html"
        attrs = {"class": "grid actions-grid", "tbody": {"data-rows": ""}}
        row_attrs = {"id": lambda record: f"a-{record.pk}", "data-row": "", "tabindex": "-1"}

    def __init__(self, done: Sequence[Done], *, tenant: Tenant) -> None:
        self.tenant = tenant
        super().__init__(done)
