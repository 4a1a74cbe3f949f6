"""Addresses of the launch page, below ``/t/<tenant>/runs/new/``."""

from django.urls import path

from console.screens.launch.views import launch_run, move, preview, task_part, try_dry

urlpatterns = [
    path("", launch_run, name="launch"),
    path("preview/", preview, name="launch_preview"),
    path("task/", task_part, name="launch_task"),
    path("dry-run/", try_dry, name="launch_dry"),
    path("move/", move, name="launch_move"),
]
