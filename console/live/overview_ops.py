"""Ops of the Overview: the figures that move while nothing else does, the same for everybody who watches."""

from datetime import datetime

from console.live import figures
from console.live.ops import Op, attr, text
from console.screens.overview.burners import Burner
from console.screens.overview.chart import BandShape
from console.screens.overview.page import Page
from console.screens.overview.ranking import Need


def overview_cells(page: Page) -> list[Op]:
    """Everything that is words or a shape in a place that stays."""
    today, counts = page.facts.today, page.facts.runs.counts
    return [
        text("o-headline", page.headline),
        text("o-running", counts.running),
        text("o-queued", counts.queued),
        text("o-waiting", counts.waiting),
        text("o-failed", counts.failed),
        text("o-spent", figures.usd(today.spent_nanos)),
        text("o-projected", page.projected),
        attr("o-projected", "data-tone", page.projected_tone),
        attr("o-meter", "data-tone", figures.meter_tone(today.spent_nanos, today.cap_nanos)),
        attr("o-meter-fill", "width", str(figures.meter_width(today.spent_nanos, today.cap_nanos))),
        text("o-burn", page.burn_now),
        text("o-normal", page.normal),
        text("o-burn-word", page.facts.burn.word),
        attr("o-burn-word", "data-tone", page.burn_tone),
        text("o-top", figures.usd(page.chart.top_nanos)),
        attr("o-bars", "d", page.chart.bars),
        *(op for number, band in enumerate(page.chart.bands) for op in _band(number, band)),
        *(op for need in (*page.first_needs, *page.more_needs) for op in _need(need)),
        *(op for each in page.burners for op in _burner(each)),
    ]


def _band(number: int, band: BandShape) -> list[Op]:
    shape = {"x": band.x, "y": band.y, "width": band.width, "height": band.height}
    return [attr(f"o-band-{number}", name, str(value)) for name, value in shape.items()]


def _need(need: Need) -> list[Op]:
    return [text(f"n-{need.key}-why", need.why), _until(f"n-{need.key}-until", need.until)]


def _burner(each: Burner) -> list[Op]:
    row, run = f"b-{each.run.id}", each.run
    return [
        text(f"{row}-doing", run.doing or run.reason),
        text(f"{row}-cost", figures.usd(run.cost_nanos)),
        text(f"{row}-pace", figures.usd(each.pace_nanos)),
        attr(f"{row}-spark", "points", each.spark),
        attr(f"{row}-meter", "data-tone", figures.meter_tone(run.cost_nanos, run.cap_nanos)),
        attr(f"{row}-meter-fill", "width", str(figures.meter_width(run.cost_nanos, run.cap_nanos))),
        _until(f"{row}-left", each.cap_at),
    ]


def _until(element: str, at: datetime | None) -> Op:
    """What the page counts down to, by itself."""
    return attr(element, "datetime", at.replace(microsecond=0).isoformat() if at else None)
