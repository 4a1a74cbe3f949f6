"""One value of a step as a file: what is too long for the page."""

import json

from django.http import Http404, HttpResponse

from console.access.requests import TenantRequest, in_tenant
from console.live.numbering import birth_of
from console.live.window import window_around
from console.screens.run.steps import step_detail
from console.screens.run.views import opened_run


@in_tenant("view")
def download_value(request: TenantRequest, run_id: str, row: str, name: str) -> HttpResponse:
    """The value under its name: input, text, calls, output or events. Raises Http404 for what there is not."""
    opened = opened_run(request, run_id)
    birth = birth_of(opened.run.pk, row)
    read = window_around(opened.head, birth)
    detail = step_detail(read.events, read.spans, row) if birth else None
    if detail is None or name not in detail.values:
        raise Http404
    text = json.dumps(detail.values[name][1], ensure_ascii=False, indent=2)
    response = HttpResponse(text, content_type="application/json; charset=utf-8")
    file = f"run-{opened.run.short}-step-{detail.span.label}-{name}.json"
    response["Content-Disposition"] = f'attachment; filename="{file}"'
    return response
