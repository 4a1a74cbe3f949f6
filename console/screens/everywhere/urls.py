"""The address of all tenants of whoever looks, ``/all/``."""

from django.urls import path

from console.screens.everywhere.views import show

urlpatterns = [path("", show, name="show")]
