"""Slows the guessing of passwords: a few wrong ones for a name from one address, then a pause for both.

Counted per pair, so that nobody can lock another person out from elsewhere.
"""

import hashlib
from datetime import datetime, timedelta

from django.db.models import F
from django.utils import timezone

from console.models import SignInFailures

FREE_FAILURES = 5
WINDOW = timedelta(minutes=5)


def blocked_until(*, username: str, address: str) -> datetime | None:
    """When this name may be tried again from this address; None: now."""
    row = SignInFailures.objects.filter(
        key=_key(username, address), count__gte=FREE_FAILURES, window_started_at__gt=timezone.now() - WINDOW
    ).first()
    return row.window_started_at + WINDOW if row else None


def note_failure(*, username: str, address: str) -> None:
    """Count a wrong password; windows that have passed are removed on the way."""
    now = timezone.now()
    SignInFailures.objects.filter(window_started_at__lte=now - WINDOW).delete()
    row, _ = SignInFailures.objects.get_or_create(key=_key(username, address), defaults={"window_started_at": now})
    SignInFailures.objects.filter(pk=row.pk).update(count=F("count") + 1)


def forget_failures(*, username: str, address: str) -> None:
    """Start afresh after a right password."""
    SignInFailures.objects.filter(key=_key(username, address)).delete()


def _key(username: str, address: str) -> str:
    return hashlib.sha256(f"{username.strip().lower()}\0{address}".encode()).hexdigest()
