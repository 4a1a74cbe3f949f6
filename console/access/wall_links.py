"""Links to a wall: they show one tenant's Overview without signing in, and nothing else, until they are revoked."""

import hashlib
import secrets

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from budgets.actions import note
from budgets.models import Tenant
from console.models import WallLink

TOKEN_BYTES = 32


def make_wall_link(*, tenant: Tenant, place: str, actor: str) -> str:
    """The path of a new link; only now is it known, for its token is stored as a digest."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    with transaction.atomic():
        WallLink.objects.create(tenant=tenant, digest=_digest(token), place=place, made_by=actor)
        note(actor=actor, verb="wall.make", target=f"wall {place}", tenant=tenant)
    return reverse("wall", args=[token])


def revoke_wall_link(*, link: WallLink, actor: str) -> bool:
    """Whether this revoked it: of two who try, one does."""
    with transaction.atomic():
        standing = WallLink.objects.filter(pk=link.pk, revoked_at=None)
        if not standing.update(revoked_at=timezone.now(), revoked_by=actor):
            return False
        note(actor=actor, verb="wall.revoke", target=f"wall {link.place}", tenant=link.tenant)
    return True


def tenant_of_wall(token: str) -> Tenant | None:
    """Whose Overview this token shows; None for a wrong one and for one that was revoked alike."""
    found = WallLink.objects.filter(digest=_digest(token), revoked_at=None).select_related("tenant").first()
    return found.tenant if found else None


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
