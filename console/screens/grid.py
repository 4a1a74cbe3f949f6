"""The base of all tables: rows that the keyboard walks through, in the frame of one template.

Rows are drawn here. The library asks what arguments each cell's function takes, looks for a value where there is none,
and works out all attributes of a column again: together more than half of the time of a page of tools.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

import django_tables2 as tables
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from django_tables2.columns import BoundColumn
from django_tables2.rows import BoundRow

from console.screens.cells import Drawn

TEMPLATE = "components/table.html"
MARKS: Mapping[str, str] = {
    "id": "row_id",
    "data-href": "address_of",
    "data-severity": "severity_of",
    "data-state": "state_of",
    "aria-current": "is_here",
}
"""Attributes of a row, and what of a table says them: a method that is given the ``record``, or the same for all."""


class Grid(tables.Table):
    """Rows come in their order and cut to one page. Subclasses name the columns and what a row is to the page.

    ``row_id`` is the same for as long as the row is about the same thing, so that an update in place finds it;
    ``address_of`` is the page that Enter and a click open; ``severity_of`` 2 or 3 marks the row's edge; ``state_of``
    is a word for the stylesheets; ``is_here`` is "true" for the row that the page's address speaks of.
    ``look`` is the table's class in the stylesheets, ``body_id`` the id of its body where the page speaks of it.
    """

    look: ClassVar[str] = ""
    body_id: ClassVar[str | None] = None

    def __init__(self, rows: Iterable[object], *, tenant_slug: str = "", **given: Any) -> None:
        self.tenant_slug = tenant_slug
        self._marks = {mark: getattr(self, name) for mark, name in MARKS.items() if hasattr(self, name)}
        super().__init__(
            list(rows),
            template_name=TEMPLATE,
            attrs={"class": f"grid {self.look}".strip(), "tbody": {"id": self.body_id, "data-rows": ""}},
            **given,
        )

    def shown(self) -> Iterator[SafeString]:
        """Its rows as markup."""
        columns = [_Column(bound, self) for bound in self.columns]
        marks = {**self._marks, "data-row": "", "tabindex": "-1"}
        for row in self.rows:
            cells = "".join(column.cell_of(row) for column in columns)
            yield mark_safe(f'<tr{_attributes(marks, row.record)} role="row">{cells}</tr>')


class _Column:
    """A column as its cells need it; attributes that no row has a say in are written once."""

    def __init__(self, bound: BoundColumn, table: Grid) -> None:
        self._name, self._column, self._table = bound.name, bound.column, table
        self._attrs: Mapping[str, object] = bound.column.attrs.get("td", {})
        self._same = None if any(map(callable, self._attrs.values())) else _attributes(self._attrs)
        heads = isinstance(self._column, Drawn) and self._column.heads_row
        self._tag, self._role = ("th", ' role="rowheader" scope="row"') if heads else ("td", ' role="cell"')

    def cell_of(self, row: BoundRow) -> str:
        """The cell of one row, with its tag."""
        attrs = _attributes(self._attrs, row.record) if self._same is None else self._same
        return f"<{self._tag}{attrs}{self._role}>{conditional_escape(self._content(row))}</{self._tag}>"

    def _content(self, row: BoundRow) -> str:
        """By the column itself; the library knows how the words of other columns are found."""
        if isinstance(self._column, Drawn):
            return self._column.drawn(row.record, self._table)
        content: str = row.get_cell(self._name)
        return content


def _attributes(given: Mapping[str, object], record: object = None) -> str:
    """As a tag has them; what is None is left out, and what can be called is asked about the row."""
    found = ((name, value(record) if callable(value) else value) for name, value in given.items())
    return "".join(f' {name}="{conditional_escape(str(value))}"' for name, value in found if value is not None)
