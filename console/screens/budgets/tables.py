"""The tables of budgets, one for each kind, and the table of holds; their cells are in templates/budgets/cells."""

import django_tables2 as tables
from django.urls import reverse

from budgets.models import Tenant
from console.screens import cells
from console.screens.budgets.lines import Line
from console.screens.budgets.selectors import By
from console.screens.budgets.selectors_account import Movement
from console.screens.budgets.selectors_holds import OpenHold
from console.screens.grid import Grid

NUMBER, QUIET, VERBS = cells.NUMBER, cells.QUIET, cells.VERBS


def cell(name: str, header: str, td: dict[str, str] | None = None) -> tables.Column:
    """A column that is drawn by ``budgets/cells/<name>.html``."""
    return cells.cell(f"budgets/cells/{name}", header, td)


class BudgetsTable(Grid):
    """Lines come sorted and cut to one page. Subclasses choose and order the columns."""

    caption = "Budgets, nearest to their caps first"
    look = "budgets-grid"
    body_id = "rows"

    def __init__(self, lines: list[Line], *, tenant: Tenant) -> None:
        super().__init__(lines, tenant_slug=tenant.slug)

    def address_of(self, record: Line) -> str:
        """Its account's page; nowhere while it has none."""
        if record.account is None:
            return ""
        return reverse("budgets:account", args=[self.tenant_slug, record.account.pk])

    def row_id(self, record: Line) -> str:
        return f"b-{record.account.pk}" if record.account else f"b-{record.name}"

    def severity_of(self, record: Line) -> int:
        return record.severity

    def state_of(self, record: Line) -> str:
        return record.run.state if record.run else ""


class SurfacesTable(BudgetsTable):
    """Surfaces today, and what their runs may do."""

    name = cell("name", "Surface")
    spent = cell("spent", "Spent / cap", NUMBER)
    held = cell("held", "Held", NUMBER)
    projected = cell("projected", "Projected", NUMBER)
    resets = cell("resets", "Resets in", {"class": "num", "data-phone": "end"})
    origin = cell("origin", "Set by", {"data-phone": "hide"})
    per_run = cell("per_run", "A run", NUMBER)
    loop = cell("loop", "Turns · time", {"class": "num", "data-phone": "hide"})
    parallel = cell("parallel", "At once", NUMBER)
    launches = cell("launches", "In a minute", NUMBER)
    at_cap = cell("at_cap", "At the cap", {"data-phone": "hide"})
    top_up = cell("top_up", VERBS, {"class": "num verb-cell"})


class UsersTable(BudgetsTable):
    """Users today."""

    name = cell("name", "User")
    spent = cell("spent", "Spent / cap", NUMBER)
    held = cell("held", "Held", NUMBER)
    projected = cell("projected", "Projected", NUMBER)
    resets = cell("resets", "Resets in", {"class": "num", "data-phone": "end"})
    origin = cell("origin", "Set by", {"data-phone": "hide"})
    parallel = cell("parallel", "At once", NUMBER)
    launches = cell("launches", "In a minute", NUMBER)
    top_up = cell("top_up", VERBS, {"class": "num verb-cell"})


class SessionsTable(BudgetsTable):
    """Sessions that have a live run."""

    name = cell("name", "Session")
    whose = cell("whose", "Surface", QUIET)
    spent = cell("spent", "Spent / cap", NUMBER)
    held = cell("held", "Held", NUMBER)
    left = cell("left", "Left", NUMBER)
    origin = cell("origin", "Set by", {"data-phone": "hide"})
    top_up = cell("top_up", VERBS, {"class": "num verb-cell"})


class RunsTable(BudgetsTable):
    """Live runs."""

    status = cell("status", "Status")
    run = cell("run", "Run", {"data-phone": "end"})
    whose = cell("whose", "Surface", QUIET)
    spent = cell("spent", "Spent / cap", NUMBER)
    held = cell("held", "Held", NUMBER)
    pace = cell("pace", "Pace", NUMBER)
    turns = cell("turns", "Turns", NUMBER)
    elapsed = cell("elapsed", "Time", {"class": "num", "data-phone": "hide"})
    at_cap = cell("at_cap", "At the cap", {"data-phone": "hide"})
    origin = cell("origin", "Set by", {"data-phone": "hide"})
    top_up = cell("top_up", VERBS, {"class": "num verb-cell"})


TABLES: dict[By, type[BudgetsTable]] = {
    "surface": SurfacesTable,
    "user": UsersTable,
    "session": SessionsTable,
    "run": RunsTable,
}


class HoldsTable(Grid):
    """Open holds, the stuck ones first."""

    caption = "Open holds"
    look = "holds-grid"
    body_id = "rows"

    mark = cell("hold_mark", "State")
    age = cell("hold_age", "Age", {"class": "num", "data-phone": "end"})
    amount = cell("hold_amount", "Amount", NUMBER)
    sized_for = cell("hold_sized", "Sized for", {"class": "num", "data-phone": "hide"})
    call = cell("hold_call", "For", {"class": "mono"})
    run = cell("hold_run", "Run and step")
    binds = cell("hold_binds", "Binds", {"class": "dim", "data-phone": "wide"})
    verbs = cell("hold_verbs", VERBS, {"class": "num verb-cell"})

    def row_id(self, record: OpenHold) -> str:
        return f"h-{record.hold.pk.replace(':', '-')}"

    def severity_of(self, record: OpenHold) -> int:
        return 2 if record.stuck else 0


class MovementsTable(Grid):
    """A page of an account's ledger."""

    caption = "Ledger, newest first"
    look = "ledger-grid"
    body_id = "rows"

    at = cell("entry_at", "When", {"data-phone": "end"})
    kind = cell("entry_kind", "What")
    held = cell("entry_held", "Held", NUMBER)
    spent = cell("entry_spent", "Spent", NUMBER)
    cap = cell("entry_cap", "Cap", NUMBER)
    why = cell("entry_why", "For / why", {"data-phone": "wide"})

    def row_id(self, record: Movement) -> str:
        return f"e-{record.entry.pk}"
