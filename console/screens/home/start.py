"""Where a person starts: the tenant and the page that they chose, as long as both are still there for them."""

from budgets.models import Tenant
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


def start_of(user: User, *, usual: str) -> tuple[Tenant | None, str]:
    """The tenant (None for whoever has none) and the route to begin with."""
    mine = tenants_of(user)
    chosen = mine.filter(pk=user.home_tenant_id).first() if user.home_tenant_id else None
    pages = {route for route, _ in START_PAGES}
    return chosen or mine.first(), user.home_page if user.home_page in pages else usual
