"""What stands around every page of a tenant: where one can go, and which tenants one may switch to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.urls import reverse

from console.access.requests import TenantRequest
from console.live.feeds import position
from console.models import User
from console.screens.attention import Attention, attention_of
from console.screens.budgets.alerts import count_words, unseen_alerts
from console.screens.stops.standing import standing_stops

PHONE_LINKS = 3


@dataclass(frozen=True, slots=True)
class NavLink:
    """A link of the main navigation; ``key`` follows "g" on the keyboard."""

    label: str
    url: str
    active: bool
    key: str
    count: str = ""

    @property
    def waits(self) -> bool:
        """Whether its count is of people waited for, which the mark in the browser's tab shows on every page."""
        return self.key == "v"


def frame(request: TenantRequest, *, active: str = "", counted: Attention | None = None) -> dict[str, object]:
    """The context that base.html reads on pages within a tenant.

    ``counted``: what wants a look, where the page has counted it already; alerts and stops are read where it says so.

    A page without a feed of its own has the tenant's for its bar: how the connection stands, counts, standing stops.
    """
    bar = position(request.tenant.pk)
    counted = counted or attention_of(request.tenant)
    alerts = unseen_alerts(request.tenant) if counted.alerts else []
    stops = standing_stops(request.tenant, request.verbs) if counted.stops else []
    counts = {
        "budgets": count_words(alerts),
        "stops": str(len(stops) or ""),
        "approvals": str(counted.asked + counted.unknown or ""),
    }
    links = links_of(request, active, counts)
    return {
        "bar": bar,
        "tenant": request.tenant,
        "tenants": request.tenants,
        "nav": links,
        **_on_a_phone(links, may_stop="kill" in request.verbs),
        "own_links": own_links(request, active),
        "unknown_count": counted.unknown,
        "verbs": request.verbs,
        "alerts": alerts,
        "stops": stops,
    }


def links_of(request: TenantRequest, active: str = "", counts: Mapping[str, str] | None = None) -> list[NavLink]:
    """The main navigation, as far as this person may go."""
    links = [
        ("Overview", "overview:show", "overview", "o"),
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
        NavLink(label, reverse(route, args=[request.tenant.slug]), active == name, key, (counts or {}).get(name, ""))
        for label, route, name, key in links
    ]


def own_links(request: TenantRequest, active: str = "") -> list[NavLink]:
    """The pages in the menu of the person, which has room for what is not looked at daily."""
    links = [
        ("What people did", "actions:list", "actions", "a"),
        ("People", "people:list", "people", ""),
        ("Secrets", "secrets:list", "secrets", ""),
        ("Settings", "settings:show", "settings", ""),
    ]
    within = [
        NavLink(label, reverse(route, args=[request.tenant.slug]), active == name, key)
        for label, route, name, key in links
    ]
    every = [NavLink("Manage tenants", reverse("tenants:list"), active=False, key="")]
    return within + (every if request.user.is_platform_admin else [])


def frame_outside(user: User, *, active: str) -> dict[str, object]:
    """The same on pages that are within no tenant: their navigation, as far as this person may go."""
    links = [NavLink("All tenants", reverse("everywhere:show"), active == "everywhere", key="e")]
    if user.is_platform_admin:
        links.append(NavLink("Manage tenants", reverse("tenants:list"), active == "tenants", key="m"))
    return {"nav": links, **_on_a_phone(links, may_stop=False)}


def _on_a_phone(links: list[NavLink], *, may_stop: bool) -> dict[str, object]:
    """Three links and Stop…, or four, have room; the others are in a sheet, whose button says what wants a look."""
    room = PHONE_LINKS if may_stop else PHONE_LINKS + 1
    more = links[room:]
    return {
        "phone_nav": links[:room],
        "more_nav": more,
        "more_active": any(link.active for link in more),
        "more_count": together(link.count for link in more),
    }


def together(counts: Iterable[str]) -> str:
    """Counts as the navigation shows them, added up: "50+" and "2" are "52+"; nothing for none."""
    given = [count for count in counts if count]
    if not given:
        return ""
    return f"{sum(int(count.rstrip('+')) for count in given)}{'+' if any('+' in count for count in given) else ''}"
