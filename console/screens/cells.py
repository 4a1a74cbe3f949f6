"""The columns of all tables: words as they are, and cells that small templates draw within their page's context."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import django_tables2 as tables
from django.template import Context, Template
from django.template.loader import get_template
from django.utils.safestring import SafeString, mark_safe
from django_tables2 import A

VERBS = mark_safe('<span class="sr-only">Verbs</span>')
SPARK = mark_safe('<span class="sr-only">Calls a minute</span>')
NUMBER, WIDE, END = {"class": "num"}, {"data-phone": "wide"}, {"data-phone": "end"}
NUMBER_END = NUMBER | END
QUIET, CLIPPED = {"class": "dim"}, {"class": "clip dim", "data-phone": "wide"}
VERB_CELL = {"class": "verb-cell num", "data-phone": "end"}


class Drawn(tables.Column):
    """A column that draws its cells itself, given no more than the row: how `Grid` would have all of them."""

    heads_row = False

    def drawn(self, record: Any, table: tables.Table) -> str:
        """The cell's content; text unless it says that it is markup."""
        raise NotImplementedError


class Cell(tables.TemplateColumn, Drawn):
    """A column that is drawn by a template, which finds its row as ``record``.

    ``of`` leads to what the template finds as ``value``.
    The library makes a new context out of all of the page's for each cell, which took a third of a long page's time.
    """

    of: A | None = None

    def drawn(self, record: object, table: tables.Table) -> SafeString:
        """The cell; one without content is empty, so that phones leave it out."""
        context: Context = vars(table)["context"]
        value = None if self.of is None else self.of.resolve(record, quiet=True)
        with context.update({"record": record, "value": value}):
            return mark_safe(self._template.render(context).strip())

    @cached_property
    def _template(self) -> Template:
        # The backend's template holds the one that takes the page's own context.
        found: Template = get_template(self.template_name).template  # type: ignore[attr-defined]  # Django's own backend
        return found


def cell(
    template: str, header: str, td: Mapping[str, object] | None = None, *, order_by: str = "", of: str = ""
) -> Cell:
    """A column drawn by ``<template>.html`` and known to the stylesheets by its name; ``order_by`` lets its head sort.

    ``of`` leads to what the template finds as ``value``. Numbers (``td`` of the class "num") have their heads at the
    right too.
    """
    name = (of or template).rpartition("/")[2].rpartition("__")[2]
    made = Cell(
        template_name=f"{template}.html",
        verbose_name=header,
        accessor=of or None,
        orderable=bool(order_by),
        order_by=(order_by,) if order_by else None,
        empty_values=(),
        attrs=_attrs(name, td),
        initial_sort_descending=order_by.isidentifier(),
    )
    made.of = A(of) if of else None
    return made


def row_head(template: str, header: str, td: Mapping[str, object] | None = None) -> Cell:
    """A cell that says what its row is about, and is read out with each other cell of it."""
    column = cell(template, header, td)
    column.heads_row = True
    return column


def words(of: str, header: str, td: Mapping[str, object] | None = None) -> tables.Column:
    """A column that says what ``of`` leads to, as it is; nothing where there is nothing."""
    name = of.rpartition("__")[2]
    return tables.Column(verbose_name=header, accessor=of, orderable=False, default="", attrs=_attrs(name, td))


def money(of: str, header: str, td: Mapping[str, object] | None = None) -> Cell:
    """Nano-USD as dollars."""
    return cell("components/cells/money", header, NUMBER if td is None else td, of=of)


def count(of: str, header: str, td: Mapping[str, object] | None = None) -> Cell:
    """How many, with a separator for thousands."""
    return cell("components/cells/count", header, NUMBER if td is None else td, of=of)


def ago(of: str, header: str = "Ago", td: Mapping[str, object] | None = None) -> Cell:
    """How long ago a moment was, and the moment itself when one points at it."""
    return cell("components/cells/ago", header, NUMBER if td is None else td, of=of)


def status(of: str, header: str = "Status", td: Mapping[str, object] | None = None) -> Cell:
    """How a run stands."""
    return cell("components/cells/status", header, td, of=of)


def run(of: str, header: str = "Run", td: Mapping[str, object] | None = None) -> Cell:
    """Which run, by its agent and the end of its id."""
    return cell("components/cells/run", header, {"class": "nowrap"} if td is None else td, of=of)


def _attrs(name: str, td: Mapping[str, object] | None) -> dict[str, dict[str, object]]:
    given = dict(td or {})
    kind = given.get("class", "")
    numeric = isinstance(kind, str) and "num" in kind.split()
    return {"td": {"data-column": name, **given}, "th": {"data-column": name, "class": "num" if numeric else ""}}
