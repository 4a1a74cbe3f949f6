"""The table of a tenant's people; its cells are in templates/people/cells."""

from collections.abc import Sequence

from console.models import Membership
from console.screens import cells
from console.screens.grid import Grid

FOR_ADMINS = ("sessions", "tokens", "verbs")


class PeopleTable(Grid):
    """By name. Ways in and verbs are for those who may change them."""

    caption = "People, by name"
    look = "people-grid"

    person = cells.cell("people/cells/person", "Person")
    role = cells.words("role", "Role", cells.END)
    active = cells.cell("people/cells/active", "Last signed in", cells.NUMBER)
    sessions = cells.cell("people/cells/sessions", "Sessions", cells.NUMBER)
    tokens = cells.cell("people/cells/tokens", "Tokens", cells.NUMBER)
    verbs = cells.cell("people/cells/verbs", cells.VERBS, {"class": "verb-cell num"})

    def __init__(self, people: Sequence[Membership], *, may_change: bool) -> None:
        super().__init__(people, exclude=() if may_change else FOR_ADMINS)

    def row_id(self, record: Membership) -> str:
        return f"m-{record.pk}"
