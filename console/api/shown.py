"""A run as programs read it."""

from django.http import HttpRequest
from django.urls import reverse

from agents.models import Run
from budgets.money import exact_usd


def run_as_json(request: HttpRequest, run: Run) -> dict[str, object]:
    """Where it stands, what it cost and answered, what it went without, and where to look on."""
    return {
        "id": run.pk,
        "state": run.state,
        "ended": run.ended,
        "reason": run.reason,
        "answer": run.answer,
        "missing": run.missing,
        "cost_usd": exact_usd(run.cost_nanos),
        "cap_usd": None if run.cap_nanos is None else exact_usd(run.cap_nanos),
        "agent": run.agent_name,
        "version": run.version.number,
        "surface": run.surface.slug,
        "user": run.user,
        "session": run.session,
        "llm": run.llm,
        "turns": run.turn,
        "launched_by": run.launched_by,
        "created_at": run.created_at.isoformat(),
        "started_at": run.started_at.isoformat() if run.started_at else None,
        "ended_at": run.ended_at.isoformat() if run.ended_at else None,
        "links": links_of(request, run),
    }


def links_of(request: HttpRequest, run: Run) -> dict[str, str]:
    """Whole addresses: of the run here, of what kills it, and of its page."""
    arguments = [run.tenant.slug, run.pk]
    routes = {"self": "api:run", "kill": "api:kill", "page": "runs:detail"}
    return {name: request.build_absolute_uri(reverse(route, args=arguments)) for name, route in routes.items()}
