"""What stands around every page of a tenant: where one can go, and which tenants one may switch to."""

from dataclasses import dataclass

from django.urls import reverse

from console.access.requests import TenantRequest
from console.screens.approvals.waiting import waiting_counts
from console.screens.budgets.alerts import count_words, unseen_alerts
from console.screens.stops.standing import standing_stops

PHONE_LINKS = 4


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
    asked, unknown = waiting_counts(request.tenant)
    counts = {
        "budgets": count_words(alerts),
        "stops": str(len(stops) or ""),
        "approvals": str(asked + unknown or ""),
    }
    links = _links(request, active, counts)
    return {
        "tenant": request.tenant,
        "tenants": request.tenants,
        "nav": links,
        **_on_a_phone(links),
        "unknown_count": unknown,
        "verbs": request.verbs,
        "alerts": alerts,
        "stops": stops,
    }


def _links(request: TenantRequest, active: str, counts: dict[str, str]) -> list[NavLink]:
    links = [
        ("Runs", "runs:list", "runs", "r"),
        ("Approvals", "approvals:list", "approvals", "v"),
        ("Tools", "tools:list", "tools", "t"),
    ]
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


def _on_a_phone(links: list[NavLink]) -> dict[str, object]:
    """Four links have room; the others are in a sheet, whose button says what of them wants a look."""
    if len(links) <= PHONE_LINKS + 1:
        return {"phone_nav": links}
    more = links[PHONE_LINKS:]
    return {
        "phone_nav": links[:PHONE_LINKS],
        "more_nav": more,
        "more_active": any(link.active for link in more),
        "more_count": next((link.count for link in more if link.count), ""),
    }
