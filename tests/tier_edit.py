"""Sets limits in tests by the verb that operators use."""

from budgets.models import Surface, Tenant
from budgets.tier_edits import Change, edit_tier


def limit(owner: Tenant | Surface, user: str = "", /, **settings: object) -> None:
    """Give a tenant or one of its surfaces, or one user there, these settings; amounts in nano-USD."""
    tenant, surface = (owner, None) if isinstance(owner, Tenant) else (owner.tenant, owner)
    change = Change(changes=settings, reason="test", actor="acme_admin", made_from="test")
    edit_tier(tenant=tenant, surface=surface, user=user, change=change)
