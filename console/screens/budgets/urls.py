"""Addresses of the budgets, below ``/t/<tenant>/budgets/``."""

from django.urls import path

from console.screens.budgets.account_views import show_account, top_up_account
from console.screens.budgets.hold_views import charge_hold, list_holds, release_hold
from console.screens.budgets.views import list_budgets, see_alerts

urlpatterns = [
    path("", list_budgets, name="list"),
    path("alerts/seen/", see_alerts, name="see_alerts"),
    path("holds/", list_holds, name="holds"),
    path("holds/<str:hold_id>/release/", release_hold, name="release_hold"),
    path("holds/<str:hold_id>/charge/", charge_hold, name="charge_hold"),
    path("<int:account_id>/", show_account, name="account"),
    path("<int:account_id>/top-up/", top_up_account, name="top_up"),
]
