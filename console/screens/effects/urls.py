"""Addresses of the unknown effects, below ``/t/<tenant>/effects/``."""

from django.urls import path

from console.screens.effects.views import list_unknown

urlpatterns = [path("", list_unknown, name="list")]
