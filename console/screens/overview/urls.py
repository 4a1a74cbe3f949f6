"""Addresses of the Overview, below ``/t/<tenant>/``."""

from django.urls import path

from console.screens.overview.views import show
from console.screens.overview.wall_views import list_links, make_link, revoke_link

urlpatterns = [
    path("", show, name="show"),
    path("wall/", list_links, name="walls"),
    path("wall/new/", make_link, name="make_wall"),
    path("wall/<int:link_id>/revoke/", revoke_link, name="revoke_wall"),
]
