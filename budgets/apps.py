"""The Django app of tenants, tiers, prices and the ledger."""

from django.apps import AppConfig


class BudgetsConfig(AppConfig):
    """Imports neither `agents` nor `console`."""

    name = "budgets"
    default_auto_field = "django.db.models.BigAutoField"
