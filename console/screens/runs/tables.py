"""The table of runs: its columns, and the names by which the live feed and the keyboard find a row."""

from collections.abc import Mapping

import django_tables2 as tables
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import mark_safe

from agents.models import Run
from console.screens.elapsed import took_ms
from console.screens.run.spending import left_text, left_tone, rate_text
from console.screens.runs.selectors import Burning
from console.screens.runs.spark import spark


def _cell(name: str, *, header: str, order_by: str = "", td: dict[str, str] | None = None) -> tables.Column:
    """A column drawn by ``runs/cells/<name>.html``; with ``order_by``, its head sorts."""
    align = (td or {}).get("class", "")
    return tables.TemplateColumn(
        template_name=f"runs/cells/{name}.html",
        verbose_name=header,
        orderable=bool(order_by),
        order_by=(order_by,) if order_by else None,
        attrs={"td": {"data-column": name, **(td or {})}, "th": _head(name, align)},
        empty_values=(),
        initial_sort_descending=order_by.isidentifier(),
    )


def _narrow(name: str) -> dict[str, dict[str, str]]:
    return {"td": {"class": "num", "data-column": name}, "th": {"class": "num", "data-column": name}}


def _head(name: str, align: str) -> dict[str, str]:
    return {"data-column": name, "class": "num" if "num" in align.split() else ""}


NOTHING = Burning(None, ())
PICK_PAGE = (
    '<label class="pick"><input type="checkbox" id="pick-page" data-pick-page>'
    '<span class="sr-only">Select all runs of this page</span></label>'
)


class RunsTable(tables.Table):
    """Rows come sorted and cut to one page; sorting heads only lead to the page sorted otherwise."""

    pick = _cell("pick", header=mark_safe(PICK_PAGE), td={"class": "pick-cell"})
    status = _cell("status", header="Status")
    run = _cell("run", header="Run", td={"data-phone": "end"})
    surface = _cell("surface", header="Tier · surface", td={"class": "dim"})
    doing = _cell("doing", header="Now / why", td={"class": "clip"})
    steps = _cell("steps", header="Steps", order_by="steps_count", td={"class": "num", "data-phone": "hide"})
    errors = _cell("errors", header="Errors", order_by="errors_count", td={"class": "num", "data-phone": "hide"})
    cost = _cell("cost", header="Cost / cap", order_by="cost_nanos", td={"class": "num cost-cell"})
    rate = tables.Column(verbose_name="$/min", orderable=False, empty_values=(), attrs=_narrow("rate"))
    left = tables.Column(verbose_name="To cap", orderable=False, empty_values=(), attrs=_narrow("left"))
    time = tables.Column(verbose_name="Time", orderable=False, empty_values=(), attrs=_narrow("time"))
    age = _cell("age", header="Age", order_by="-created_at", td={"class": "num", "data-phone": "end"})
    verbs = _cell(
        "verbs",
        header=mark_safe('<span class="sr-only">Verbs</span>'),
        td={"class": "num verb-cell", "data-phone": "hide"},
    )

    class Meta:
        template_name = "components/table.html"
        attrs = {
            "class": "grid runs-grid",
            # The links of the head and the pager stay on the page; those of the rows lead away from it.
            "tbody": {"id": "rows", "data-rows": "", "hx-boost:inherited": "false"},
        }
        row_attrs = {
            "id": lambda record: f"r-{record.pk}",
            "data-row": "",
            "data-href": lambda record, table: table.address_of(record),
            "data-peek": lambda record, table: reverse("runs:peek", args=[table.tenant_slug, record.pk]),
            "data-severity": lambda record: record.severity,
            "data-state": lambda record: record.state,
            "tabindex": "-1",
        }

    caption = "Runs"

    def __init__(self, runs: list[Run], *, burning: Mapping[str, Burning], tenant_slug: str, order: str) -> None:
        self.burning, self.tenant_slug = burning, tenant_slug
        super().__init__(runs, order_by=order or None)

    def render_rate(self, record: Run) -> str:
        """What it spends a minute, with its last minutes as a line."""
        found = self.burning.get(record.pk, NOTHING)
        context = {"record": record, "rate": rate_text(found.pace), "points": spark(found.minutes)}
        return render_to_string("runs/cells/rate.html", context)

    def render_left(self, record: Run) -> str:
        """How long until its cap, at its pace."""
        found = self.burning.get(record.pk, NOTHING)
        context = {"record": record, "left": left_text(found.pace), "tone": left_tone(found.pace)}
        return render_to_string("runs/cells/left.html", context)

    def render_time(self, record: Run) -> str:
        """How long it took, or a clock that counts up."""
        context = {"record": record, "took_ms": took_ms(record)}
        return render_to_string("runs/cells/time.html", context)

    def address_of(self, run: Run) -> str:
        """The run's page."""
        return reverse("runs:detail", args=[self.tenant_slug, run.pk])
