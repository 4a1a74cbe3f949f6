"""Addresses of the API, below ``/api/t/<tenant>/``: without a slash at their end, as programs write them."""

from django.urls import path

from console.api.views import kill_run, launch_run, read_run

urlpatterns = [
    path("runs", launch_run, name="launch"),
    path("runs/<slug:run_id>", read_run, name="run"),
    path("runs/<slug:run_id>/kill", kill_run, name="kill"),
]
