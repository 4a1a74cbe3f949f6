"""The table of all tenants; its cells are in templates/tenants/cells."""

from collections.abc import Sequence

import django_tables2 as tables
from django.urls import reverse
from django.utils.safestring import mark_safe

from console.screens import cells
from console.screens.tenants.selectors import TenantLine

VERBS = mark_safe('<span class="sr-only">Verbs</span>')


def cell(name: str, header: str, td: dict[str, str] | None = None) -> tables.Column:
    """A column that is drawn by ``tenants/cells/<name>.html``."""
    return cells.cell(f"tenants/cells/{name}", header, td)


class TenantsTable(tables.Table):
    """By slug; a row leads to the tenant's Overview."""

    caption = "Tenants, by their short names"

    slug = cell("slug", "Tenant")
    name = cell("name", "Name", {"data-phone": "end"})
    zone = cell("zone", "Time zone", {"data-phone": "hide"})
    people = cell("people", "People", {"class": "num"})
    live = cell("live", "Live runs", {"class": "num"})
    spent = cell("spent", "Spent today", {"class": "num"})
    cap = cell("cap", "Of its cap", {"class": "num"})
    verbs = cell("verbs", VERBS, {"class": "verb-cell num"})

    class Meta:
        template_name = "components/table.html"
        attrs = {"class": "grid tenants-grid", "tbody": {"data-rows": ""}}
        row_attrs = {
            "data-row": "",
            "tabindex": "-1",
            "data-href": lambda record: reverse("overview:show", args=[record.tenant.slug]),
        }

    def __init__(self, lines: Sequence[TenantLine]) -> None:
        super().__init__(lines)
