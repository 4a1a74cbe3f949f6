"""Addresses of secrets, below ``/t/<tenant>/secrets/``."""

from django.urls import path

from console.screens.secrets.views import list_secrets, remove, set_one

urlpatterns = [
    path("", list_secrets, name="list"),
    path("set/", set_one, name="set"),
    path("<int:secret_id>/remove/", remove, name="remove"),
]
