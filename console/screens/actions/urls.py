"""Below /t/<tenant>/actions/."""

from django.urls import path

from console.screens.actions.views import list_actions

urlpatterns = [path("", list_actions, name="list")]
