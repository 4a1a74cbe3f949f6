"""The side peek: a run beside the list, with what one needs to decide whether to open it."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render

from console.access.requests import TenantRequest, in_tenant
from console.live.span import Span
from console.live.window import head_of, newest_window
from console.screens.elapsed import took_ms
from console.screens.run.causes import read_told
from console.screens.run.selectors import find_run, pace_of
from console.screens.run.spending import pace_text

LAST_STEPS = 8


@in_tenant("view")
def peek(request: TenantRequest, run_id: str) -> HttpResponse:
    """The panel; whoever comes without htmx gets the run's page."""
    run = find_run(request.tenant, run_id)
    if run is None:
        raise Http404
    if not request.htmx and "HX-Request" not in request.headers:
        return redirect("runs:detail", tenant=request.tenant.slug, run_id=run.pk)
    read = newest_window(head_of(run.pk))
    context = {
        "run": run,
        "tenant": request.tenant,
        "verbs": request.verbs,
        "findings": read_told(run, read).findings[:3],
        "steps": last_steps(read.spans),
        "pace_text": pace_text(pace_of(run)),
        "took_ms": took_ms(run),
    }
    return render(request, "runs/_peek.html", context)


def last_steps(spans: list[Span]) -> list[Span]:
    """The newest rows of the trace that stand for themselves, the oldest of them first."""
    return [span for span in spans if span.depth == 0][-LAST_STEPS:]
