"""The base of all tables: rows that the keyboard walks through, drawn by one template."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import django_tables2 as tables

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
        marks = {mark: getattr(self, name) for mark, name in MARKS.items() if hasattr(self, name)}
        super().__init__(
            list(rows),
            template_name=TEMPLATE,
            attrs={"class": f"grid {self.look}".strip(), "tbody": {"id": self.body_id, "data-rows": ""}},
            row_attrs={**marks, "data-row": "", "tabindex": "-1"},
            **given,
        )
