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
from console.screens.runs.tabs import MINE, VIEWS, is_shown, with_view

SHORTCUTS = (("Live", Term("status", "live")), ("Cost > 80%", Term("cost", ">80%")))


@dataclass(frozen=True, slots=True)
class Chip:
    """A term of the filter, or one that could be added, with where a click leads."""

    label: str
    href: str


@dataclass(frozen=True, slots=True)
class Tab:
    """A view of the list, and whether it is the one on screen."""

    label: str
    href: str
    shown: bool


@in_tenant("view")
def list_runs(request: TenantRequest) -> HttpResponse:
    """The page; htmx takes its list alone out of the same answer."""
    live = position(request.tenant.pk)
    me = request.user.get_username()
    query = with_view(parse(request.GET.get("q", "")), request.GET.get("view", ""), me)
    order = request.GET.get("sort", "")
    order = order if order in ORDERS else ""
    found = runs_page(tenant=request.tenant, query=query, order=order, number=request.GET.get("page", 1))
    context = {
        **frame(request, active="runs"),
        "live": live,
        "query": query,
        "text": _text(request, query),
        "tabs": _tabs(query, me),
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


def _text(request: TenantRequest, query: Query) -> str:
    """What stands in the field: as it was typed, faults and all, unless a view has put terms before it."""
    typed: str = request.GET.get("q", "").replace("\x00", "")
    return typed if query.terms == parse(typed).terms else str(query)


def _tabs(query: Query, username: str) -> list[Tab]:
    names = {"": "All", **{view: label for view, (label, _) in VIEWS.items()}, MINE: "Mine"}
    chosen = next((view for view in names if view and is_shown(query, view, username)), "")
    return [Tab(label, f"?view={view}" if view else "?", view == chosen) for view, label in names.items()]


def _shortcuts(query: Query, order: str) -> list[Chip]:
    return [
        Chip(label, _href(query.having(term.key, term.value), order))
        for label, term in SHORTCUTS
        if term not in query.terms
    ]


def _href(query: Query, order: str) -> str:
    given = {"q": str(query), "sort": order}
    return "?" + urlencode({name: value for name, value in given.items() if value})
