"""Addresses of stops, below ``/t/<tenant>/stops/``."""

from django.urls import path

from console.screens.stops.order_views import end_run, show_order
from console.screens.stops.stop_views import new_stop
from console.screens.stops.undo_views import undo_switch
from console.screens.stops.views import lift_stop, list_stops

urlpatterns = [
    path("", list_stops, name="list"),
    path("new/", new_stop, name="new"),
    path("<int:order_id>/", show_order, name="order"),
    path("switches/<int:switch_id>/lift/", lift_stop, name="lift"),
    path("switches/<int:switch_id>/undo/", undo_switch, name="undo"),
    path("runs/<slug:run_id>/end/", end_run, name="end"),
]
