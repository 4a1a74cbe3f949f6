"""The runs of a tenant, filtered by the text in the URL."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode

from console.access.requests import TenantRequest, in_tenant
from console.live.feeds import position
from console.screens.frame import frame
from console.screens.runs.query import Query, Term, parse
from console.screens.runs.selectors import ORDERS, RunsPage, runs_page, spent_today, summary
from console.screens.runs.tables import RunsTable

SHORTCUTS = (
    ("Live", Term("status", "live")),
    ("Waiting", Term("status", "waiting")),
    ("Failed", Term("status", "bad")),
    ("Cost > 80%", Term("cost", ">80%")),
)


@dataclass(frozen=True, slots=True)
class Chip:
    """A term of the filter, or one that could be added, with where a click leads."""

    label: str
    href: str


@in_tenant("view")
def list_runs(request: TenantRequest) -> HttpResponse:
    """The page; htmx takes its list alone out of the same answer."""
    live = position(request.tenant.pk)
    query = parse(request.GET.get("q", ""))
    order = request.GET.get("sort", "")
    order = order if order in ORDERS else ""
    found = runs_page(tenant=request.tenant, query=query, order=order, number=request.GET.get("page", 1))
    context = {
        **frame(request, active="runs"),
        "live": live,
        "query": query,
        "text": request.GET.get("q", "").replace("\x00", ""),
        "order": order,
        "problems": found.problems,
        "page": found.page,
        "table": _table(request, found, order),
        "live_count": found.live_count,
        "chips": [Chip(str(term), _href(query.without(term), order)) for term in query.terms],
        "shortcuts": _shortcuts(query, order),
        "summary": summary(request.tenant, found=None if query.terms else found.page.paginator.count),
        "today": spent_today(request.tenant),
    }
    return render(request, "runs/runs.html", context)


def _table(request: TenantRequest, found: RunsPage, order: str) -> RunsTable:
    may_pick = "kill" in request.verbs and found.live_count > 0
    return RunsTable(list(found.page.object_list), tenant_slug=request.tenant.slug, order=order, may_pick=may_pick)


def _shortcuts(query: Query, order: str) -> list[Chip]:
    return [
        Chip(label, _href(query.having(term.key, term.value), order))
        for label, term in SHORTCUTS
        if term not in query.terms
    ]


def _href(query: Query, order: str) -> str:
    given = {"q": str(query), "sort": order}
    return "?" + urlencode({name: value for name, value in given.items() if value})
