"""Addresses below ``/t/<tenant>/runs/<id>/``."""

from django.urls import path

from console.screens.replay.views import fork_run, replay_offline, retry_run

urlpatterns = [
    path("steps/<int:step>/fork/", fork_run, name="fork"),
    path("retry/", retry_run, name="retry"),
    path("replay/", replay_offline, name="replay"),
]
