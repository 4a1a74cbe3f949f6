"""The verb that moves a tenant's days to another time zone; what was spent on a date stays spent on that date."""

import logging
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import Q

from budgets import actions, clock
from budgets.ledger.account_limits import CHUNK, refresh_limits
from budgets.limits import lock_tiers
from budgets.models import Account, Tenant
from budgets.periods import Window, window_named, zone

logger = logging.getLogger(__name__)


def set_time_zone(*, tenant: Tenant, name: str, actor: str) -> bool:
    """Counts the tenant's days and months in this time zone from now on; False when it does already.

    Raises `PeriodError` for a zone that does not exist. A day or month that has begun keeps its budget and what was
    spent of it, and its window grows to what that date is in the new zone: nobody gets a budget twice, and nothing
    is ever counted in a window that is over.
    """
    zone(name)
    with transaction.atomic():
        locked = lock_tiers(tenant.pk)
        if locked.timezone == name:
            return False
        at = clock.now()
        Tenant.objects.filter(pk=tenant.pk).update(timezone=name)
        for window in _windows_around(at, name):
            _widen(tenant, window)
        # A day that was over may be open again, and must follow the tiers of today.
        refresh_limits(tenant=tenant, at=at, live_runs={})
        actions.note(
            actor=actor,
            verb="tenant.time_zone",
            target=f"tenant {tenant.slug}",
            tenant=tenant,
            before={"timezone": locked.timezone},
            after={"timezone": name},
        )
    logger.info("%s set the time zone of %s from %s to %s", actor, tenant.slug, locked.timezone, name)
    tenant.timezone = name
    return True


def _windows_around(at: datetime, name: str) -> Iterable[Window]:
    """The dates that it may be now somewhere on earth, and their months, in the new zone."""
    dates = [(at.astimezone(UTC) + timedelta(days=days)).date() for days in (-1, 0, 1)]
    keys = {date.isoformat() for date in dates} | {f"{date:%Y-%m}" for date in dates}
    return [window_named(key, zone(name)) for key in sorted(keys)]


def _widen(tenant: Tenant, window: Window) -> None:
    """Locked in id order, as every reservation locks accounts."""
    narrower = Q(window_start_at__gt=window.start_at) | Q(window_end_at__lt=window.end_at)
    of_key = Account.objects.for_tenant(tenant).filter(narrower, window=window.key)
    ids = list(of_key.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(ids), CHUNK):
        accounts = Account.objects.select_for_update(no_key=True).filter(pk__in=ids[start : start + CHUNK])
        for account in (found := list(accounts.order_by("pk"))):
            account.window_start_at = min(account.window_start_at or window.start_at, window.start_at)
            account.window_end_at = max(account.window_end_at or window.end_at, window.end_at)
        Account.objects.bulk_update(found, ["window_start_at", "window_end_at"])
