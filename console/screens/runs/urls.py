"""Addresses of the list, below ``/t/<tenant>/runs/``."""

from django.urls import path

from console.screens.runs.compare_views import compare
from console.screens.runs.export_views import ask_export, export_csv, export_jsonl
from console.screens.runs.peek import peek
from console.screens.runs.saved_views import edit_view, new_view, remove_view
from console.screens.runs.views import list_runs

urlpatterns = [
    path("", list_runs, name="list"),
    path("compare/", compare, name="compare"),
    path("export/", ask_export, name="export"),
    path("export.csv", export_csv, name="export_csv"),
    path("export.jsonl", export_jsonl, name="export_jsonl"),
    path("views/new/", new_view, name="new_view"),
    path("views/<int:view_id>/", edit_view, name="view"),
    path("views/<int:view_id>/delete/", remove_view, name="remove_view"),
    path("<slug:run_id>/peek/", peek, name="peek"),
]
