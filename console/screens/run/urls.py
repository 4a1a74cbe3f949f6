"""Addresses of one run, below ``/t/<tenant>/runs/<id>/``."""

from django.urls import path

from console.screens.run.effects_views import resolve_effect
from console.screens.run.views import decide_approval, kill_run, pause_run, resume_run, show

urlpatterns = [
    path("", show, name="detail"),
    path("kill/", kill_run, name="kill"),
    path("pause/", pause_run, name="pause"),
    path("resume/", resume_run, name="resume"),
    path("effects/<int:effect_id>/", resolve_effect, name="resolve_effect"),
    path("approvals/<int:approval_id>/", decide_approval, name="decide_approval"),
]
