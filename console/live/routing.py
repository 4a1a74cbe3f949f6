"""Where sockets lead."""

from collections.abc import Callable
from typing import cast

from django.http.response import HttpResponseBase
from django.urls import path

from console.live.consumer import LiveConsumer

# Django's path() is typed for views; Channels routes sockets through it all the same.
socket = cast(Callable[..., HttpResponseBase], LiveConsumer.as_asgi())

websocket_urlpatterns = [
    path("live/all/", socket, {"everywhere": True}),
    path("live/t/<slug:tenant>/runs/", socket),
    path("live/t/<slug:tenant>/runs/<str:run_id>/", socket),
    path("live/t/<slug:tenant>/tools/", socket, {"tools": True}),
    path("live/t/<slug:tenant>/overview/", socket, {"overview": True}),
    path("live/wall/<str:wall>/", socket, {"overview": True}),
]
