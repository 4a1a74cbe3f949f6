"""The address of the list, ``/t/<tenant>/runs/``."""

from django.urls import path

from console.screens.runs.views import list_runs

urlpatterns = [path("", list_runs, name="list")]
