"""Below /t/<tenant>/palette/."""

from django.urls import path

from console.screens.palette.views import find

urlpatterns = [path("", find, name="find")]
