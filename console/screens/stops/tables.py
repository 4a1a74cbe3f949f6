"""The tables of stops: those that stand, orders that killed runs, stops that were lifted, and one order's runs."""

from typing import Any

from django.urls import reverse

from console.screens import cells
from console.screens.grid import Grid
from console.screens.stops.order import Killed
from console.screens.stops.standing import OrderLine

WHAT, WHY = {"class": "stop-what"}, {"class": "stop-why", "data-phone": "wide"}


class StandingTable(Grid):
    """What is closed to runs."""

    caption = "Stops that stand, newest first"
    look = "stops-grid"

    what = cells.cell("stops/cells/what", "What", WHAT)
    why = cells.words("switch__reason", "Why", WHY)
    by = cells.cell("stops/cells/by", "By", of="switch__set_by")
    since = cells.ago("switch__set_at", "Since")
    killed = cells.cell("stops/cells/killed", "Killed", of="switch")
    verbs = cells.cell("stops/cells/lift", cells.VERBS, cells.VERB_CELL)


class OrdersTable(Grid):
    """Orders with what of them is this tenant's."""

    caption = "Orders that killed runs, newest first"
    look = "stops-grid"

    what = cells.cell("stops/cells/order", "What", WHAT)
    why = cells.words("order__reason", "Why", WHY)
    by = cells.cell("stops/cells/by", "By", of="order__actor")
    at = cells.ago("order__requested_at")
    runs = cells.cell("stops/cells/found", "Runs", cells.NUMBER)
    cost = cells.money("cost_nanos", "They cost")
    now = cells.cell("stops/cells/going", "Now", cells.END)

    def address_of(self, record: OrderLine) -> str:
        return reverse("stops:order", args=[self.tenant_slug, record.order.pk])


class LiftedTable(Grid):
    """Stops that hold nothing back any more."""

    caption = "Stops that were lifted, newest first"
    look = "stops-grid stops-lifted"

    what = cells.words("words", "What", WHAT)
    why = cells.words("switch__reason", "Why it was stopped", {"class": "stop-why dim", "data-phone": "wide"})
    why_not = cells.words("switch__lift_reason", "Why it was lifted", WHY)
    by = cells.cell("stops/cells/lifted_by", "By")
    at = cells.ago("switch__lifted_at", td=cells.NUMBER_END)


class _KilledTable(Grid):
    look = "order-grid"

    def address_of(self, record: Killed) -> str:
        return reverse("runs:detail", args=[record.run.tenant.slug, record.run.pk])


class GoingTable(_KilledTable):
    """Runs of an order that have not stopped."""

    caption = "Runs that have not stopped yet"

    run = cells.cell("stops/cells/run", "Run", {"class": "nowrap"})
    status = cells.status("run")
    why = cells.cell("stops/cells/why_not_yet", "Why not yet", cells.WIDE, of="progress")
    verbs = cells.cell("stops/cells/end", cells.VERBS, cells.VERB_CELL)


class KilledTable(_KilledTable):
    """All runs of an order, with how far each has come."""

    caption = "Runs of this order"

    status = cells.status("run")
    run = cells.cell("stops/cells/run", "Run", {"class": "nowrap"})
    where = cells.cell("stops/cells/where", "Surface", {"class": "dim order-where"}, of="run")
    heard = cells.cell(
        "stops/cells/acknowledged",
        "Acknowledged",
        {"class": "num", "data-phone": lambda record: _phone_of(record)},
        of="progress",
    )
    stopped = cells.cell("stops/cells/stopped", "Stopped", cells.NUMBER, of="progress")
    by = cells.words("ender_words", "By", cells.QUIET)
    cost = cells.money("run__cost_nanos", "Cost", cells.NUMBER_END)


def _phone_of(record: Any) -> str | None:
    return "hide" if record.progress.acknowledged_ms is None else None
