"""Addresses of the agents, below ``/t/<tenant>/agents/``."""

from django.urls import path

from console.screens.agents.edit_views import bring_version_back, edit, look_over
from console.screens.agents.views import list_agents, one_agent

urlpatterns = [
    path("", list_agents, name="list"),
    path("<slug:name>/", one_agent, name="detail"),
    path("<slug:name>/edit/", edit, name="edit"),
    path("<slug:name>/edit/changes/", look_over, name="changes"),
    path("<slug:name>/versions/<int:number>/back/", bring_version_back, name="bring_back"),
]
