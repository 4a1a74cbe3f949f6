"""The table of runs: its columns, and its rows, which are drawn from one pattern."""

from collections.abc import Iterator, Mapping

import django_tables2 as tables
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from console.screens.grid import TEMPLATE
from console.screens.pattern import Pattern
from console.screens.runs.rows import marks_of, places_of
from console.screens.runs.selectors import Burning, ListedRun

NOTHING = Burning(None, ())
PICK_PAGE = (
    '<label class="pick"><input type="checkbox" id="pick-page" data-pick-page>'
    '<span class="sr-only">Select all runs of this page</span></label>'
)


def _column(name: str, *, header: str, order_by: str = "", num: bool = False) -> tables.Column:
    """A column's head; with ``order_by`` it sorts."""
    return tables.Column(
        verbose_name=header,
        orderable=bool(order_by),
        order_by=(order_by,) if order_by else None,
        attrs={"th": {"data-column": name, "class": "num" if num else ""}},
        empty_values=(),
        initial_sort_descending=order_by.isidentifier(),
    )


class RunsTable(tables.Table):
    """Rows come sorted and cut to one page; sorting heads only lead to the page sorted otherwise."""

    pick = _column("pick", header=mark_safe(PICK_PAGE))
    status = _column("status", header="Status")
    run = _column("run", header="Run")
    surface = _column("surface", header="Tier · surface")
    doing = _column("doing", header="Now / why")
    steps = _column("steps", header="Steps", order_by="steps_count", num=True)
    errors = _column("errors", header="Errors", order_by="errors_count", num=True)
    cost = _column("cost", header="Cost / cap", order_by="cost_nanos", num=True)
    rate = _column("rate", header="$/min", num=True)
    left = _column("left", header="To cap", num=True)
    time = _column("time", header="Time", num=True)
    age = _column("age", header="Age", order_by="-created_at", num=True)
    verbs = _column("verbs", header=mark_safe('<span class="sr-only">Verbs</span>'))

    class Meta:
        template_name = TEMPLATE
        attrs = {
            "class": "grid runs-grid",
            # The links of the head and the pager stay on the page; those of the rows lead away from it.
            "tbody": {"id": "rows", "data-rows": "", "hx-boost:inherited": "false"},
        }

    caption = "Runs"

    def __init__(
        self, runs: list[ListedRun], *, burning: Mapping[str, Burning], tenant_slug: str, order: str, may_kill: bool
    ) -> None:
        self.listed, self.burning, self.tenant_slug, self.may_kill = runs, burning, tenant_slug, may_kill
        super().__init__(runs, order_by=order or None)

    def shown(self) -> Iterator[SafeString]:
        """The rows of the page in their order."""
        pattern, now = Pattern("runs/_row.html"), timezone.now()
        here = reverse("runs:list", args=[self.tenant_slug])
        for each in self.listed:
            run_id = each.run.pk
            burning = self.burning.get(run_id, NOTHING)
            places = places_of(each, burning, href=f"{here}{run_id}/", now=now)
            yield pattern.filled(places, [*marks_of(each, burning, may_kill=self.may_kill)])
