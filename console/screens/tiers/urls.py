"""Addresses of the limits, below ``/t/<tenant>/budgets/tiers/``; ``?surface=&user=`` says whose."""

from django.urls import path

from console.screens.tiers import views

urlpatterns = [
    path("", views.list_tiers, name="list"),
    path("new/", views.add_override, name="new"),
    path("edit/", views.edit, name="edit"),
    path("edit/what-if/", views.preview, name="what_if"),
    path("history/", views.history, name="history"),
    path("time-zone/", views.time_zone, name="time_zone"),
    path("edits/<int:edit_id>/undo/", views.undo, name="undo"),
    path("edits/<int:edit_id>/keep/", views.keep, name="keep"),
]
