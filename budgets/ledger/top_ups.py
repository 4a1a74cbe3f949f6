"""More money for one account, by a person, with a reason."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from budgets.ledger.errors import LedgerError
from budgets.models import Account, LedgerEntry
from budgets.models.entry import EntryKind
from budgets.money import MAX_NANOS


def top_up(*, account_id: int, amount_nanos: int, reason: str, actor: str, at: datetime | None = None) -> LedgerEntry:
    """Raises what an account may spend by `amount_nanos`, on top of its tier's limit, and keeps who and why.

    Raises `LedgerError` for an unknown account, one without a limit, no reason, or an amount that is not
    positive.
    """
    if type(amount_nanos) is not int or not 0 < amount_nanos <= MAX_NANOS:
        raise LedgerError("A top-up must be more than zero.")
    if not reason.strip():
        raise LedgerError("A top-up needs a reason.")
    with transaction.atomic():
        account = Account.objects.select_for_update(no_key=True).filter(pk=account_id).first()
        if account is None:
            raise LedgerError(f"There is no account {account_id}.")
        if account.limit_nanos is None:
            raise LedgerError("This account has no limit that could be raised.")
        account.topped_up_nanos += amount_nanos
        account.save(update_fields=["topped_up_nanos"])
        return LedgerEntry.objects.create(
            account=account,
            kind=EntryKind.TOP_UP,
            limit_delta_nanos=amount_nanos,
            at=at or timezone.now(),
            reason=reason.strip(),
            actor=actor,
        )
