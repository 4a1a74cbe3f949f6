"""Tells the record of actions from which page an act comes."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve

from budgets.acting import acting_from

SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
GetResponse = Callable[[HttpRequest], HttpResponse]


class ActingFrom:
    """Middleware: ``page runs:kill`` for what is done behind that address. Reading is no act, and costs nothing."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method in SAFE:
            return self._get_response(request)
        with acting_from(f"page {_name_of(request.path_info)}"):
            return self._get_response(request)


def _name_of(path: str) -> str:
    try:
        return resolve(path).view_name
    except Resolver404:
        return ""
