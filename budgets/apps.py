"""The Django app of tenants, tiers, prices and the ledger."""

from django.apps import AppConfig

from budgets.instants import read_instants_quickly


class BudgetsConfig(AppConfig):
    """Imports neither `agents` nor `console`."""

    name = "budgets"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Before any connection is opened."""
        read_instants_quickly()
