"""Addresses of the launch page, below ``/t/<tenant>/runs/new/``."""

from django.urls import path

from console.screens.launch.views import launch_run, preview

urlpatterns = [
    path("", launch_run, name="launch"),
    path("preview/", preview, name="launch_preview"),
]
