"""Reads for pages and prechecks: what accounts hold, and what a run has cost so far."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, Sum

from budgets.ledger.account_sets import AccountSet
from budgets.models import Account, Hold
from budgets.models.hold import HoldState
from budgets.tiers import SCOPES, Scope


@dataclass(frozen=True, slots=True)
class AccountBalance:
    """One account as it stands, in nano-USD; `limit_nanos` includes top-ups."""

    account_id: int
    scope: Scope
    limit_nanos: int | None
    spent_nanos: int
    held_nanos: int
    resets_at: datetime | None


@dataclass(frozen=True, slots=True)
class RunSpend:
    """What a run has cost and what its open calls may still cost, in nano-USD."""

    spent_nanos: int
    held_nanos: int
    calls: int
    unreconciled: int


def balances(account_set: AccountSet) -> tuple[AccountBalance, ...]:
    """The accounts of a set, narrow to wide; `tiers.binding` says which one binds."""
    found = Account.objects.filter(pk__in=account_set.ids)
    return tuple(sorted((_balance(account) for account in found), key=lambda each: SCOPES.index(each.scope)))


def run_spend(run_id: str) -> RunSpend:
    """Sums over the holds of one run."""
    of_state = {state: Q(state=state) for state in (HoldState.OPEN, HoldState.SETTLED)}
    sums = Hold.objects.of_run(run_id).aggregate(
        spent=Sum("settled_nanos", default=0),
        held=Sum("amount_nanos", filter=of_state[HoldState.OPEN], default=0),
        calls=Count("pk", filter=of_state[HoldState.SETTLED]),
        unreconciled=Count("pk", filter=Q(unreconciled=True)),
    )
    return RunSpend(int(sums["spent"]), int(sums["held"]), sums["calls"], sums["unreconciled"])


def _balance(account: Account) -> AccountBalance:
    return AccountBalance(
        account_id=account.pk,
        scope=account.known_scope,
        limit_nanos=account.full_limit_nanos,
        spent_nanos=account.spent_nanos,
        held_nanos=account.held_nanos,
        resets_at=account.window_end_at,
    )
