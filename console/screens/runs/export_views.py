"""Export of the list: a dialog that says how many rows and what is in them, then the file as a stream."""

from collections.abc import AsyncIterator, Iterator

from django.core.handlers.asgi import ASGIRequest
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBadRequest, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import content_disposition_header

from agents.models import Run
from budgets.actions import note
from console.access.requests import TenantRequest, in_tenant
from console.live.threads import in_thread
from console.screens.frame import frame
from console.screens.runs.asked import Asked
from console.screens.runs.export import COLUMNS, Format, lines_of
from console.screens.runs.filters import filter_runs

TYPES: dict[Format, str] = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson; charset=utf-8"}


@in_tenant("view")
def ask_export(request: TenantRequest) -> HttpResponse:
    """How many rows the filter has, and what is in them."""
    asked, runs, problems = _filtered(request)
    context = {
        "text": str(asked.query),
        "rows": runs.count(),
        "columns": COLUMNS,
        "problems": problems,
        "tenant": request.tenant,
    }
    if request.htmx:
        return render(request, "runs/_export.html", context)
    return render(request, "runs/export.html", {**frame(request, active="runs"), **context})


@in_tenant("view")
def export_csv(request: TenantRequest) -> HttpResponse | StreamingHttpResponse:
    """The rows as CSV."""
    return _file(request, "csv")


@in_tenant("view")
def export_jsonl(request: TenantRequest) -> HttpResponse | StreamingHttpResponse:
    """The rows as JSON, one object a line."""
    return _file(request, "jsonl")


def _filtered(request: TenantRequest) -> tuple[Asked, QuerySet[Run], list[str]]:
    asked = Asked.of(request.GET, request.user.get_username())
    runs, problems = filter_runs(Run.objects.filter(tenant=request.tenant), asked.query)
    return asked, runs, problems


def _file(request: TenantRequest, form: Format) -> HttpResponse | StreamingHttpResponse:
    asked, runs, problems = _filtered(request)
    if problems:
        return HttpResponseBadRequest("\n".join(problems), content_type="text/plain; charset=utf-8")
    rows = runs.count()
    with transaction.atomic():
        note(
            actor=request.user.get_username(),
            verb="runs.export",
            target=f"{rows} runs as {form.upper()}",
            tenant=request.tenant,
            after={"filter": str(asked.query), "rows": rows},
        )
    name = f"runs-{request.tenant.slug}-{timezone.now():%Y%m%d-%H%M%S}.{form}"
    headers = {"Content-Disposition": content_disposition_header(True, name) or "attachment", "X-Rows": str(rows)}
    lines = lines_of(runs, form)
    body = _in_threads(lines) if isinstance(request, ASGIRequest) else lines
    return StreamingHttpResponse(body, content_type=TYPES[form], headers=headers)


async def _in_threads(lines: Iterator[str]) -> AsyncIterator[str]:
    """Each part is read in a thread of the pool; the event loop only passes it on."""
    while (part := await in_thread(next, lines, "")) != "":
        yield part
