"""The tables of limits: what holds for whom, setting by setting, and the edits of one tier."""

from collections.abc import Iterable, Sequence

import django_tables2 as tables
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from console.screens import cells
from console.screens.grid import Grid
from console.screens.tiers.history import Entry
from console.screens.tiers.present import Present
from console.screens.tiers.selectors import Line

SHORT = 22
FIGURES = 10
"""So many settings come first that are figures."""


class SettingColumn(cells.Drawn):
    """One setting of every tier; a list has fourteen of them, so that a cell has no template of its own."""

    def __init__(self, number: int, header: str) -> None:
        self._number = number
        head = {"class": "num" if number < FIGURES else ""}
        attrs = {"td": {"class": self._looks, "data-label": header}, "th": head}
        super().__init__(verbose_name=header, orderable=False, attrs=attrs)

    def drawn(self, record: Line, table: tables.Table) -> SafeString:  # noqa: ARG002 - as all columns
        """The value, and below it whose tier says so."""
        shown = self._shown(record)
        title = format_html(' title="{}"', shown.words) if shown.long else ""
        return format_html(
            '<span class="tier-value"{}>{}</span><span class="tier-source">{}</span>',
            title,
            Truncator(shown.words).chars(SHORT),
            shown.source,
        )

    def _looks(self, record: Line | None = None) -> str:
        shown = self._shown(record) if record else None
        whose = "" if shown is None else " own" if shown.own else " built-in" if shown.source == "built in" else ""
        return f"tier-cell{' num' if self._number < FIGURES else ''}{whose}"

    def _shown(self, record: Line) -> Present:
        return record.cells[self._number]


class TiersTable(Grid):
    """The tenant's, those of its surfaces, and those of users."""

    caption = (
        "Limits of the tenant, its surfaces and its users; own values are strong, inherited ones name their source"
    )
    look = "tiers-grid"

    whose = cells.row_head("tiers/cells/whose", "Whose", {"class": "tier-who"})
    verbs = cells.cell("tiers/cells/verbs", cells.VERBS, {"class": "tier-verbs"})

    def __init__(self, lines: Iterable[Line], *, columns: Sequence[str], here: str) -> None:
        self.here = here
        settings = [(f"setting_{number}", SettingColumn(number, header)) for number, header in enumerate(columns)]
        order = ("whose", *(name for name, _ in settings), "verbs")
        super().__init__(lines, extra_columns=settings, sequence=order)

    def is_here(self, record: Line) -> str | None:
        return "true" if self.here and record.place.query == self.here else None


class HistoryTable(Grid):
    """The edits of one tier."""

    caption = "Edits, newest first"
    look = "tier-history"

    when = cells.cell("tiers/cells/when", "When", {"class": "nowrap"})
    who = cells.cell("tiers/cells/who", "Who", {"class": "edit-who"})
    what = cells.cell("tiers/cells/what", "What", cells.WIDE)
    why = cells.words("edit__reason", "Why", {"class": "edit-why", "data-phone": "wide"})
    now = cells.cell("tiers/cells/now", "Now", cells.WIDE)
    verbs = cells.cell("tiers/cells/undo", cells.VERBS, {"class": "tier-verbs", "data-phone": "end"})

    def state_of(self, record: Entry) -> str:
        return record.state
