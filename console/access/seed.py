"""The cast: one person per role to try the console with, and the platform admin of a first start."""

from budgets.models import Tenant
from console.access.policy import Role
from console.models import Membership, User

PLATFORM_ADMIN = "admin"
CAST: tuple[tuple[str, str, Role], ...] = (
    ("acme_viewer", "acme", "viewer"),
    ("acme_operator", "acme", "operator"),
    ("acme_approver", "acme", "approver"),
    ("acme_admin", "acme", "admin"),
    ("globex_operator", "globex", "operator"),
)


def seed_people() -> None:
    """Add who is missing; nobody who exists is changed. Nobody gets a password: a sign-in link lets them in.

    Raises Tenant.DoesNotExist before the tenants of a first start are there.
    """
    _person(PLATFORM_ADMIN, is_platform_admin=True)
    for username, slug, role in CAST:
        seed_member(username, Tenant.objects.get(slug=slug), role)


def seed_member(username: str, tenant: Tenant, role: Role) -> None:
    """A person with a role in one tenant, unless there is somebody of that name."""
    user, created = _person(username, is_platform_admin=False)
    if created:
        Membership.objects.create(user=user, tenant=tenant, role=role)


def _person(username: str, *, is_platform_admin: bool) -> tuple[User, bool]:
    found = User.objects.filter(username=username).first()
    if found:
        return found, False
    # create_user without a password stores one that nothing matches.
    return User.objects.create_user(username, is_platform_admin=is_platform_admin), True
