"""Tokens with which programs call the API as a person: made, found again by their digest, and revoked."""

import hashlib
import secrets
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from agents.secrets.redaction import redacted
from budgets import actions
from budgets.models import Tenant
from console.access.policy import Verb
from console.models import ApiToken, User

OFFERED: tuple[tuple[Verb, str], ...] = (
    ("view", "Read runs"),
    ("launch", "Launch runs"),
    ("kill", "Kill runs"),
)
"""What a token can be for: what the API does."""
TOKEN_BYTES = 32
BEGINNING = "wf_"
LONGEST = 200
USE_IS_NOTED_EVERY = timedelta(minutes=1)


def make_token(
    *, user: User, tenant: Tenant, name: str, verbs: Collection[Verb], expires_at: datetime
) -> tuple[ApiToken, str]:
    """A new token and its text, which is nowhere else: only its digest is kept."""
    text = BEGINNING + secrets.token_urlsafe(TOKEN_BYTES)
    kept = [verb for verb, _ in OFFERED if verb in verbs]
    with transaction.atomic():
        token = ApiToken.objects.create(
            user=user, tenant=tenant, name=redacted(name), digest=_digest(text), verbs=kept, expires_at=expires_at
        )
        after = {"verbs": kept, "expires_at": expires_at.isoformat()}
        _note(token, user, "token.make", after=after)
    return token, text


def find_token(text: str) -> ApiToken | None:
    """The token of this text while it is good and its person active."""
    if not text.startswith(BEGINNING) or len(text) > LONGEST:
        return None
    good = ApiToken.objects.filter(revoked_at=None, expires_at__gt=timezone.now(), user__is_active=True)
    return good.select_related("user", "tenant").filter(digest=_digest(text)).first()


def note_use(token: ApiToken) -> None:
    """Remember that it is in use; once a minute is enough to know."""
    now = timezone.now()
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - USE_IS_NOTED_EVERY)
    if token.last_used_at is None or token.last_used_at < now - USE_IS_NOTED_EVERY:
        ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)


def revoke_token(*, token: ApiToken, actor: User) -> bool:
    """End it from the next request on. False when it was revoked before."""
    with transaction.atomic():
        revoked = ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())
        if revoked:
            _note(token, actor, "token.revoke")
    return bool(revoked)


def _note(token: ApiToken, actor: User, verb: str, *, after: Mapping[str, object] | None = None) -> None:
    target = f"token {token.name} of {token.user.get_username()}"
    actions.note(actor=actor.get_username(), verb=verb, target=target, tenant=token.tenant, after=after)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
