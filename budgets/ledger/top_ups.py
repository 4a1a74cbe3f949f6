"""More money for one account, by a person, with a reason, for ever or for a time."""

from datetime import datetime

from django.db import transaction

from budgets import clock
from budgets.ledger.errors import LedgerError
from budgets.ledger.thresholds import keep_alerts, newly_reached, reached_by
from budgets.models import Account, LedgerEntry
from budgets.models.entry import EntryKind
from budgets.money import MAX_NANOS

MOST_PER_SWEEP = 100


def top_up(
    *,
    account_id: int,
    amount_nanos: int,
    reason: str,
    actor: str,
    at: datetime | None = None,
    expires_at: datetime | None = None,
) -> LedgerEntry:
    """Raises what an account may spend by `amount_nanos`, on top of its tier's limit, and keeps who and why.

    At `expires_at` whatever of it is unused is taken back. Raises `LedgerError` for an unknown account, one
    without a limit or whose window is over, no reason, an end in the past, or an amount that is not positive.
    """
    at = at or clock.now()
    if type(amount_nanos) is not int or not 0 < amount_nanos <= MAX_NANOS:
        raise LedgerError("A top-up must be more than zero.")
    if not reason.strip():
        raise LedgerError("A top-up needs a reason.")
    if expires_at is not None and expires_at <= at:
        raise LedgerError("A top-up cannot end before it begins.")
    with transaction.atomic():
        account = _locked(account_id, at)
        account.topped_up_nanos += amount_nanos
        account.save(update_fields=["topped_up_nanos"])
        return LedgerEntry.objects.create(
            account=account,
            kind=EntryKind.TOP_UP,
            limit_delta_nanos=amount_nanos,
            at=at,
            reason=reason.strip(),
            actor=actor,
            expires_at=expires_at,
        )


def due_top_ups(at: datetime) -> list[LedgerEntry]:
    """Top-ups whose time is over and that have not lapsed yet, with their accounts."""
    due = LedgerEntry.objects.filter(kind=EntryKind.TOP_UP, expires_at__lte=at, reversed_by=None)
    return list(due.select_related("account").order_by("pk")[:MOST_PER_SWEEP])


def lapse_top_up(entry: LedgerEntry, at: datetime) -> int:
    """Takes back what a top-up left unused; returns that, in nano-USD, 0 when somebody else was first.

    What was spent or is held stays covered, so that no account ever stands above its limit because of a date.
    """
    if entry.account is None:
        raise AssertionError(f"top-up {entry.pk} has no account")
    with transaction.atomic():
        account = Account.objects.select_for_update(no_key=True).get(pk=entry.account.pk)
        if LedgerEntry.objects.filter(reverses=entry).exists():
            return 0
        left_nanos = account.left_nanos
        unused_nanos = entry.limit_delta_nanos if left_nanos is None else min(entry.limit_delta_nanos, left_nanos)
        taken_nanos = max(0, unused_nanos)
        before = reached_by(account)
        account.topped_up_nanos -= taken_nanos
        account.save(update_fields=["topped_up_nanos"])
        LedgerEntry.objects.create(
            account=account, kind=EntryKind.LAPSE, limit_delta_nanos=-taken_nanos, at=at, reverses=entry
        )
        keep_alerts(newly_reached(account, before, at))
    return taken_nanos


def _locked(account_id: int, at: datetime) -> Account:
    account = Account.objects.select_for_update(no_key=True).filter(pk=account_id).first()
    if account is None:
        raise LedgerError(f"There is no account {account_id}.")
    if account.limit_nanos is None:
        raise LedgerError("This account has no limit that could be raised.")
    if account.window_end_at is not None and account.window_end_at <= at:
        raise LedgerError("This budget's day or month is over; a top-up would reach nobody.")
    return account
