"""The tables of who pays: re-exported here, one file each."""

from budgets.models.account import Account
from budgets.models.action import Action
from budgets.models.alert import BudgetAlert
from budgets.models.entry import LedgerEntry
from budgets.models.hold import Hold
from budgets.models.price import PriceOverride
from budgets.models.surface import Surface
from budgets.models.tenant import Tenant
from budgets.models.tier import Tier, TierEdit
from budgets.models.unpriced import UnpricedLLM
from budgets.models.verification import Verification, VerificationRequest

__all__ = [
    "Account",
    "Action",
    "BudgetAlert",
    "Hold",
    "LedgerEntry",
    "PriceOverride",
    "Surface",
    "Tenant",
    "Tier",
    "TierEdit",
    "UnpricedLLM",
    "Verification",
    "VerificationRequest",
]
