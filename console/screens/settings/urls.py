"""Addresses of the settings, below ``/t/<tenant>/settings/``."""

from django.urls import path

from console.screens.settings.views import end_one, end_others, new_token, revoke, set_password, set_start, show

urlpatterns = [
    path("", show, name="show"),
    path("start/", set_start, name="start"),
    path("password/", set_password, name="password"),
    path("sessions/end/", end_others, name="end_others"),
    path("sessions/<int:session_id>/end/", end_one, name="end_session"),
    path("tokens/new/", new_token, name="new_token"),
    path("tokens/<int:token_id>/revoke/", revoke, name="revoke_token"),
]
