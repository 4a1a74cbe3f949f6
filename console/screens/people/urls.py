"""Addresses of the people of a tenant, below ``/t/<tenant>/people/``."""

from django.urls import path

from console.screens.people import views

urlpatterns = [
    path("", views.list_people, name="list"),
    path("new/", views.add, name="add"),
    path("<int:member_id>/role/", views.role, name="role"),
    path("<int:member_id>/link/", views.link, name="link"),
    path("<int:member_id>/remove/", views.remove, name="remove"),
    path("<int:member_id>/disable/", views.switch_off, name="disable"),
    path("<int:member_id>/enable/", views.switch_on, name="enable"),
]
