"""The only writer of money: reserve before a call, settle or release after it, top up, reconcile, verify.

The hot path (`Books`) is explicit SQL inside the caller's transaction, so that one commit can carry many
runs.
"""

from budgets.ledger.account_sets import AccountSet, known_accounts, open_accounts
from budgets.ledger.balances import AccountBalance, RunSpend, balances, run_spend
from budgets.ledger.books import Books, Mark, Settlement
from budgets.ledger.errors import AccountNotLocked, HoldExists, LedgerError, UnknownHold
from budgets.ledger.reconciliation import Reconciliation, reconcile
from budgets.ledger.top_ups import due_top_ups, lapse_top_up, top_up
from budgets.ledger.verification import Mismatch, Overshoot, verify

__all__ = [
    "AccountBalance",
    "AccountNotLocked",
    "AccountSet",
    "Books",
    "HoldExists",
    "LedgerError",
    "Mark",
    "Mismatch",
    "Overshoot",
    "Reconciliation",
    "RunSpend",
    "Settlement",
    "UnknownHold",
    "balances",
    "due_top_ups",
    "known_accounts",
    "lapse_top_up",
    "open_accounts",
    "reconcile",
    "run_spend",
    "top_up",
    "verify",
]
