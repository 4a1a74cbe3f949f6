"""Closes the holds that a run left open when it ended or its worker died."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from budgets.ledger.books import Books
from budgets.models import Hold


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Ids of the holds given back, and of those charged in full since their call had been sent."""

    released: tuple[str, ...]
    charged: tuple[str, ...]


def reconcile(*, run_id: str, at: datetime, sent: Collection[str] = ()) -> Reconciliation:
    """Releases the open holds of a run; those in `sent` are charged in full, unreconciled.

    A call whose request left may have been billed though nobody saw its answer, so its hold is never given
    back. Running it again, or against a settlement that is just committing, changes nothing more.
    """
    with transaction.atomic():
        open_ids = sorted(Hold.objects.of_run(run_id).open().values_list("pk", flat=True))
        if not open_ids:
            return Reconciliation((), ())
        books = Books.open(account_ids=(), hold_ids=open_ids)
        charged = tuple(
            hold_id for hold_id in open_ids if hold_id in sent and books.settle_in_full(hold_id=hold_id, at=at).booked
        )
        released = tuple(
            hold_id for hold_id in open_ids if hold_id not in sent and books.release(hold_id=hold_id, at=at)
        )
        books.close()
    return Reconciliation(released=released, charged=charged)
