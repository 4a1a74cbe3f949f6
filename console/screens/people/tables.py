"""The table of a tenant's people; its cells are in templates/people/cells."""

from collections.abc import Sequence

import django_tables2 as tables
from django.utils.safestring import mark_safe

from console.models import Membership
from console.screens import cells

VERBS = mark_safe('<span class="sr-only">Verbs</span>')


def cell(name: str, header: str, td: dict[str, str] | None = None) -> tables.Column:
    """A column that is drawn by ``people/cells/<name>.html``."""
    return cells.cell(f"people/cells/{name}", header, td)


class PeopleTable(tables.Table):
    """By name. Ways in and verbs are for those who may change them."""

    caption = "People, by name"

    person = cell("person", "Person")
    role = cell("role", "Role", {"data-phone": "end"})
    active = cell("active", "Last signed in", {"class": "num"})
    sessions = cell("sessions", "Sessions", {"class": "num"})
    tokens = cell("tokens", "Tokens", {"class": "num"})
    verbs = cell("verbs", VERBS, {"class": "verb-cell num"})

    class Meta:
        template_name = "components/table.html"
        attrs = {"class": "grid people-grid", "tbody": {"data-rows": ""}}
        row_attrs = {"id": lambda record: f"m-{record.pk}", "data-row": "", "tabindex": "-1"}

    def __init__(self, people: Sequence[Membership], *, may_change: bool) -> None:
        super().__init__(people, exclude=() if may_change else ("sessions", "tokens", "verbs"))
