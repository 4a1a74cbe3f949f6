"""What stands around every page of a tenant: where one can go, and which tenants one may switch to."""

from dataclasses import dataclass

from django.urls import reverse

from agents.models import Effect
from console.access.requests import TenantRequest
from console.screens.budgets.alerts import count_words, unseen_alerts
from console.screens.stops.standing import standing_stops


@dataclass(frozen=True, slots=True)
class NavLink:
    """A link of the main navigation; ``key`` follows "g" on the keyboard."""

    label: str
    url: str
    active: bool
    key: str
    count: str = ""


def frame(request: TenantRequest, *, active: str = "") -> dict[str, object]:
    """The context that base.html reads on pages within a tenant."""
    alerts = unseen_alerts(request.tenant)
    stops = standing_stops(request.tenant, request.verbs)
    unknown = Effect.objects.filter(run__tenant=request.tenant, state="unknown").count()
    counts = {"budgets": count_words(alerts), "stops": str(len(stops) or ""), "effects": str(unknown or "")}
    return {
        "tenant": request.tenant,
        "tenants": request.tenants,
        "nav": _links(request, active, counts),
        "unknown_count": unknown,
        "verbs": request.verbs,
        "alerts": alerts,
        "stops": stops,
    }


def _links(request: TenantRequest, active: str, counts: dict[str, str]) -> list[NavLink]:
    links = [("Runs", "runs:list", "runs", "r")]
    links.append(("Tools", "tools:list", "tools", "t"))
    if counts["effects"] or active == "effects":
        links.append(("Unknown", "effects:list", "effects", "u"))
    if "launch" in request.verbs:
        links.append(("Launch", "runs:launch", "launch", "l"))
    links.append(("Budgets", "budgets:list", "budgets", "b"))
    links.append(("Agents", "agents:list", "agents", "g"))
    links.append(("Prices", "prices:list", "prices", "p"))
    links.append(("Stops", "stops:list", "stops", "s"))
    return [
        NavLink(label, reverse(route, args=[request.tenant.slug]), active == name, key, counts.get(name, ""))
        for label, route, name, key in links
    ]
