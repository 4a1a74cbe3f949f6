"""Who is behind a socket and what they may see, asked at connect and again while it is open."""

from dataclasses import dataclass
from importlib import import_module

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest

from budgets.models import Tenant
from console.access.policy import may_view, tenants_of
from console.access.wall_links import tenant_of_wall
from console.live.reading import run_of_tenant
from console.models import User

SIGNED_OUT = 4401
NO_ACCESS = 4403
NOT_FOUND = 4404


@dataclass(frozen=True)
class Refusal:
    """Why a socket is closed; the page reads the code."""

    code: int


def signed_in(session_key: str | None) -> User | None:
    """The person of a session that still holds: not ended, not expired, password not changed since."""
    if not session_key:
        return None
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    user = get_user(request)
    return user if isinstance(user, User) and user.is_active else None


def admit(session_key: str | None, tenant_slug: str, run_id: str | None) -> Tenant | Refusal:
    """The tenant whose feed may be watched. What one may not see and what does not exist are the same.

    Without a slug all of the person's tenants are meant, and any of them will do: the page itself reads which.
    """
    user = signed_in(session_key)
    if user is None:
        return Refusal(SIGNED_OUT)
    tenant = _watched(user, tenant_slug)
    if tenant is None or (run_id is not None and not run_of_tenant(tenant.pk, run_id)):
        return Refusal(NOT_FOUND)
    return tenant


def still_admitted(session_key: str | None, tenant_slug: str) -> Refusal | None:
    """None while the person may go on watching."""
    user = signed_in(session_key)
    if user is None:
        return Refusal(SIGNED_OUT)
    return None if _watched(user, tenant_slug) else Refusal(NO_ACCESS)


def _watched(user: User, tenant_slug: str) -> Tenant | None:
    return may_view(user, tenant_slug) if tenant_slug else tenants_of(user).first()


def admit_wall(token: str) -> Tenant | Refusal:
    """The tenant whose Overview the link of a wall shows, as long as nobody has revoked it."""
    return tenant_of_wall(token) or Refusal(NOT_FOUND)
