"""The columns of all tables: each cell is a small template, drawn within the context of its page."""

from collections.abc import Mapping
from functools import cached_property

import django_tables2 as tables
from django.template import Context, Template
from django.template.loader import get_template
from django.utils.safestring import SafeString


class Cell(tables.TemplateColumn):
    """A column that is drawn by a template, which finds its row as ``record``.

    The library makes a new context out of all of the page's for each cell, which took a third of a long page's time.
    """

    def render(self, record: object, table: tables.Table, value: object, bound_column: object) -> SafeString:
        """The cell, given what the library knows of it."""
        context: Context = vars(table)["context"]
        with context.update({"record": record, "value": value, "column": bound_column}):
            return self._template.render(context)

    @cached_property
    def _template(self) -> Template:
        # The backend's template holds the one that takes the page's own context.
        found: Template = get_template(self.template_name).template  # type: ignore[attr-defined]  # Django's own backend
        return found


def cell(template: str, header: str, td: Mapping[str, str] | None = None, *, order_by: str = "") -> Cell:
    """A column drawn by ``<template>.html`` and known to the stylesheets by its name; ``order_by`` lets its head sort.

    Numbers (``td`` of the class "num") have their heads at the right too.
    """
    name, given = template.rpartition("/")[2], dict(td or {})
    align = "num" if "num" in given.get("class", "").split() else ""
    return Cell(
        template_name=f"{template}.html",
        verbose_name=header,
        orderable=bool(order_by),
        order_by=(order_by,) if order_by else None,
        empty_values=(),
        attrs={"td": {"data-column": name, **given}, "th": {"data-column": name, "class": align}},
        initial_sort_descending=order_by.isidentifier(),
    )
