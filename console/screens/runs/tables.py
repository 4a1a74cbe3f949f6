"""The table of runs: its columns, and what each row shows, made once so that fifty rows cost one template each."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import django_tables2 as tables
from django.urls import reverse
from django.utils.safestring import mark_safe

from agents.models import Run
from console.live.figures import meter_tone, meter_width
from console.live.status import Status, run_status, severity_status
from console.screens.elapsed import took_ms
from console.screens.run.spending import left_text, left_tone, rate_text
from console.screens.runs.selectors import Burning
from console.screens.runs.spark import spark

NOTHING = Burning(None, ())
PICK_PAGE = (
    '<label class="pick"><input type="checkbox" id="pick-page" data-pick-page>'
    '<span class="sr-only">Select all runs of this page</span></label>'
)


@dataclass(frozen=True, slots=True)
class Row:
    """A run as its row says it; the template adds no more than the places."""

    run: Run
    id: str
    href: str
    status: Status
    worst: Status
    doing: str
    took_ms: int | None
    meter_width: int
    meter_tone: str
    rate: str
    points: str
    left: str
    left_tone: str
    may_kill: bool


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
        template_name = "runs/table.html"
        attrs = {
            "class": "grid runs-grid",
            # The links of the head and the pager stay on the page; those of the rows lead away from it.
            "tbody": {"id": "rows", "data-rows": "", "hx-boost:inherited": "false"},
        }

    caption = "Runs"

    def __init__(
        self, runs: list[Run], *, burning: Mapping[str, Burning], tenant_slug: str, order: str, may_kill: bool
    ) -> None:
        self.listed, self.burning, self.tenant_slug, self.may_kill = runs, burning, tenant_slug, may_kill
        super().__init__(runs, order_by=order or None)

    def shown(self) -> Iterator[Row]:
        """The rows of the page in their order."""
        here = reverse("runs:list", args=[self.tenant_slug])
        for run in self.listed:
            yield self._row(run, here)

    def _row(self, run: Run, here: str) -> Row:
        burning = self.burning.get(run.pk, NOTHING)
        return Row(
            run=run,
            id=f"r-{run.pk}",
            href=f"{here}{run.pk}/",
            status=run_status(run.state, kill_acknowledged=run.kill_acknowledged_at is not None),
            worst=severity_status(run.severity),
            doing=run.reason if run.ended else run.doing or run.reason,
            took_ms=took_ms(run),
            meter_width=meter_width(run.cost_nanos, run.cap_nanos),
            meter_tone=meter_tone(run.cost_nanos, run.cap_nanos),
            rate=rate_text(burning.pace),
            points=spark(burning.minutes),
            left=left_text(burning.pace),
            left_tone=left_tone(burning.pace),
            may_kill=self.may_kill and not run.ended and run.kill_requested_at is None,
        )
