"""The table of all tenants; its cells are in templates/tenants/cells."""

from django.urls import reverse

from console.screens import cells
from console.screens.grid import Grid
from console.screens.tenants.selectors import TenantLine


class TenantsTable(Grid):
    """By slug; a row leads to the tenant's Overview."""

    caption = "Tenants, by their short names"
    look = "tenants-grid"

    slug = cells.cell("tenants/cells/slug", "Tenant")
    name = cells.words("tenant__name", "Name", cells.END)
    zone = cells.words("tenant__timezone", "Time zone", {"data-phone": "hide"})
    people = cells.cell("tenants/cells/people", "People", cells.NUMBER)
    live = cells.cell("tenants/cells/live", "Live runs", cells.NUMBER)
    spent = cells.money("spent_nanos", "Spent today")
    cap = cells.cell("tenants/cells/cap", "Of its cap", cells.NUMBER)
    verbs = cells.cell("tenants/cells/verbs", cells.VERBS, {"class": "verb-cell num"})

    def address_of(self, record: TenantLine) -> str:
        return reverse("overview:show", args=[record.tenant.slug])
