"""Addresses of one run, below ``/t/<tenant>/runs/<id>/``."""

from django.urls import path

from console.screens.run.around_views import show_affected, show_record
from console.screens.run.bundle_view import download_bundle
from console.screens.run.effects_views import resolve_effect
from console.screens.run.undo_views import undo_pause, undo_resume
from console.screens.run.values_view import download_value
from console.screens.run.verbs import kill_run, pause_run, resume_run
from console.screens.run.views import show

urlpatterns = [
    path("", show, name="detail"),
    path("affected/", show_affected, name="affected"),
    path("record/", show_record, name="record"),
    path("bundle/", download_bundle, name="bundle"),
    path("values/<slug:row>/<slug:name>/", download_value, name="value"),
    path("kill/", kill_run, name="kill"),
    path("pause/", pause_run, name="pause"),
    path("pause/undo/", undo_pause, name="undo_pause"),
    path("resume/", resume_run, name="resume"),
    path("resume/undo/", undo_resume, name="undo_resume"),
    path("effects/<int:effect_id>/", resolve_effect, name="resolve_effect"),
]
