"""The table of tenants side by side; its cells are in templates/everywhere/cells."""

import django_tables2 as tables
from django.urls import reverse

from console.screens import cells
from console.screens.everywhere.rows import TenantRow
from console.screens.grid import Grid

NUM = {"class": "num"}


def cell(name: str, header: str, td: dict[str, str] | None = None) -> tables.Column:
    """A column that is drawn by ``everywhere/cells/<name>.html``."""
    return cells.cell(f"everywhere/cells/{name}", header, td)


class EverywhereTable(Grid):
    """In the order given; a row leads to the tenant's Overview."""

    caption = "Tenants, the most urgent first"
    look = "all-grid"

    tenant = cell("tenant", "Tenant", {"class": "nowrap"})
    needs = cell("needs", "Needs somebody", {"data-phone": "wide"})
    running = cell("running", "Running", NUM)
    waiting = cell("waiting", "Waiting", NUM)
    failed = cell("failed", "Failed 1 h", NUM)
    spent = cell("spent", "Spent today of the cap", {"class": "num", "data-phone": "wide"})
    projected = cell("projected", "By midnight", NUM)
    burn = cell("burn", "$/min", NUM)
    tools = cell("tools", "Degraded tools", {"data-phone": "wide"})
    stops = cell("stops", "Stops", NUM)

    def row_id(self, record: TenantRow) -> str:
        return f"tenant-{record.facts.tenant.slug}"

    def severity_of(self, record: TenantRow) -> int:
        return record.severity

    def address_of(self, record: TenantRow) -> str:
        return reverse("overview:show", args=[record.facts.tenant.slug])
