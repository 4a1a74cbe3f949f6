"""Links that sign one person in once: for the first start, and for whoever forgot a password.

Opening the link (GET) shows one button and changes nothing; pressing it (POST) signs in and uses the link
up. Mail scanners, chat previews and browsers that fetch ahead open links by themselves, and would otherwise
burn them.
"""

import hashlib
import secrets
from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from console.models import SignInLink, User

TOKEN_BYTES = 32


class NoSuchPerson(LookupError):
    """Nobody active has that username."""


def create_link(*, username: str, valid_minutes: int = 15) -> str:
    """The path of a new link for this person, good once within ``valid_minutes``. Raises NoSuchPerson.

    Links that have expired are removed on the way.
    """
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise NoSuchPerson(f"Nobody active has the username {username!r}.")
    now = timezone.now()
    SignInLink.objects.filter(expires_at__lt=now - timedelta(days=1)).delete()
    token = secrets.token_urlsafe(TOKEN_BYTES)
    SignInLink.objects.create(user=user, digest=_digest(token), expires_at=now + timedelta(minutes=valid_minutes))
    return reverse("sign_in_link", args=[token])


def void_links(user: User) -> None:
    """End all links of this person that nobody has used."""
    SignInLink.objects.filter(user=user, used_at=None).delete()


def find_link(token: str) -> SignInLink | None:
    """The link of this token while it is good; looking does not use it up."""
    return (
        SignInLink.objects.select_related("user")
        .filter(digest=_digest(token), used_at=None, expires_at__gt=timezone.now(), user__is_active=True)
        .first()
    )


def use_link(token: str) -> User | None:
    """The person this token signs in, exactly once: of two who try at the same time, one gets None."""
    link = find_link(token)
    if link is None:
        return None
    used = SignInLink.objects.filter(pk=link.pk, used_at=None).update(used_at=timezone.now())
    return link.user if used else None


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
