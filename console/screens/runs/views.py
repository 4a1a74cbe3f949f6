"""The runs of a tenant, filtered by the text in the URL."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from console.access.requests import TenantRequest, in_tenant
from console.live.feeds import position
from console.screens.frame import frame
from console.screens.runs.address import href_of
from console.screens.runs.around import Around, around
from console.screens.runs.asked import Asked
from console.screens.runs.figures import Figures, figures_of
from console.screens.runs.found import bounded
from console.screens.runs.query import Query, Term
from console.screens.runs.selectors import RunsPage, runs_page
from console.screens.runs.tables import RunsTable
from console.screens.runs.tabs import Tab, standing_tabs

SHORTCUTS = (("Live", Term("status", "live")), ("Cost > 80%", Term("cost", ">80%")))


@dataclass(frozen=True, slots=True)
class Chip:
    """A term of the filter, or one that could be added, with where a click leads."""

    label: str
    href: str


@in_tenant("view")
def list_runs(request: TenantRequest) -> HttpResponse:
    """The page; htmx takes its list alone out of the same answer."""
    live = position(request.tenant.pk)
    now = timezone.now()
    beside = around(request.tenant, request.user, now)
    opens_with = next((view for view in beside.saved if view.default), None)
    if opens_with and not request.GET:
        return redirect(f"{request.path}{href_of(opens_with.query, opens_with.order)}")
    asked = Asked.of(request.GET, request.user.get_username())
    found = runs_page(
        tenant=request.tenant, query=asked.query, order=asked.order, number=asked.number, now=now, whole=asked.whole
    )
    context = {**frame(request, active="runs"), "live": live, **_context(request, asked, found, beside)}
    return render(request, "runs/runs.html", context)


def _context(request: TenantRequest, asked: Asked, found: RunsPage, beside: Around) -> dict[str, object]:
    query, order = asked.query, asked.order
    saved = next((view for view in beside.saved if (view.query, view.order) == (str(query), order)), None)
    figures: Figures = figures_of(found.live, request.user.get_username(), timezone.now())
    tabs = _tabs(asked, figures, beside, request.user.get_username())
    return {
        "query": query,
        "text": asked.text,
        "order": order,
        "problems": found.problems,
        "part": found.part,
        "reach": found.reach,
        "table": RunsTable(
            found.rows,
            burning=found.burning,
            tenant_slug=request.tenant.slug,
            order=order,
            may_kill="kill" in request.verbs,
        ),
        "live_count": found.live_matching,
        "chips": [Chip(str(term), href_of(str(query.without(term)), order)) for term in query.terms],
        "shortcuts": _shortcuts(query, order),
        "tabs": tabs,
        "none_means": next((f"{tab.meaning}." for tab in tabs if tab.shown and tab.meaning), ""),
        "figures": figures,
        "today": beside.today,
        "failed_last_hour": beside.failed_last_hour,
        "failed_words": bounded(beside.failed_last_hour),
        "saved_shown": saved,
        "here": href_of(str(query), order),
    }


def _tabs(asked: Asked, figures: Figures, beside: Around, username: str) -> list[Tab]:
    """The views of every tenant, then those that people saved."""
    saved = [
        Tab(view.name, href_of(view.query, view.order), (view.query, view.order) == (str(asked.query), asked.order))
        for view in beside.saved
    ]
    own = any(tab.shown for tab in saved)
    counts = {**figures.counts, "failed": beside.failed_last_hour}
    return [*standing_tabs(Query() if own else asked.query, counts, username, shown=not own), *saved]


def _shortcuts(query: Query, order: str) -> list[Chip]:
    return [
        Chip(label, href_of(str(query.having(term.key, term.value)), order))
        for label, term in SHORTCUTS
        if term not in query.terms
    ]
