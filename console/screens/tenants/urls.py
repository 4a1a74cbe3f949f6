"""Addresses of all tenants, below ``/tenants/``."""

from django.urls import path

from console.screens.tenants import views

urlpatterns = [
    path("", views.list_tenants, name="list"),
    path("new/", views.add, name="add"),
    path("<slug:slug>/name/", views.rename, name="rename"),
]
