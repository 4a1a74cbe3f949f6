"""The runs that a tool's trouble reached: loaded by its page once it stands, since counting them may take longer."""

from django.http import Http404, HttpResponse
from django.utils import timezone

from agents.models import LinkMinute, ToolHealth
from agents.tools.affected import affected, affected_runs
from console.access.requests import TenantRequest, in_tenant
from console.screens.tools.counted import DAY, SCALES
from console.screens.tools.hit import hits_of, outcomes_of
from console.screens.tools.known import find_tool
from console.screens.tools.tables import AffectedTable
from console.screens.tools.verbs import dialog

RUNS_SHOWN = 10


@in_tenant("view")
def show_affected(request: TenantRequest) -> HttpResponse:
    """How many runs of the tenant, how they ended, what it cost, and those it reached last."""
    tool = find_tool(request.GET.get("tool", ""), ToolHealth.objects.values_list("link", flat=True))
    if tool is None:
        raise Http404
    scale = SCALES.get(request.GET.get("back", ""), DAY)
    since = scale.begin(timezone.now())
    found = affected(request.tenant, tool.links, since)
    hits = hits_of(affected_runs(request.tenant, tool.links, since, most=RUNS_SHOWN)) if found.runs else []
    context: dict[str, object] = {
        "tool": tool,
        "scale": scale,
        "affected": found,
        "affected_runs": AffectedTable(hits, tenant_slug=request.tenant.slug),
        "outcomes": outcomes_of(tool, request.tenant, since) if found.runs else [],
        "called": LinkMinute.objects.filter(link__in=tool.links, minute_at__gte=since).exists(),
        "runs_query": f"tool:{tool.name} since:{scale.name}",
    }
    return dialog(request, "affected", context)
