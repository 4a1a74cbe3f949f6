"""Where a person starts: the tenant and the page that they chose, as long as both are still there for them."""

from django.urls import reverse

from console.access.policy import tenants_of
from console.models import User

START_PAGES = (
    ("overview:show", "Overview"),
    ("runs:list", "Runs"),
    ("approvals:list", "Approvals"),
    ("tools:list", "Tools"),
    ("budgets:list", "Budgets"),
    ("agents:list", "Agents"),
    ("stops:list", "Stops"),
)
"""Routes below a tenant that everybody may look at."""
USUAL = "overview:show"


def start_of(user: User) -> str | None:
    """The address to begin with: for people of several tenants who chose nothing that of all; None for who has none."""
    mine = tenants_of(user)
    chosen = mine.filter(pk=user.home_tenant_id).first() if user.home_tenant_id else None
    page = user.home_page if user.home_page in {route for route, _ in START_PAGES} else ""
    first, several = chosen or mine.first(), chosen is None and len(mine[:2]) > 1
    if first is None:
        return None
    return reverse("everywhere:show") if several and not page else reverse(page or USUAL, args=[first.slug])
