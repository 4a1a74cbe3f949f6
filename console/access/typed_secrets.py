"""What people type into the console loses its secrets before a page sees it, but where it is asked for one."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase

from agents.secrets.redaction import known
from agents.secrets.vault import vault

ASKED_FOR = frozenset({"sign_in", "secrets:set", "settings:password"})
"""Routes whose forms are there for a secret or a password; they keep none of it."""
GetResponse = Callable[[HttpRequest], HttpResponse]
View = Callable[..., HttpResponseBase]


class TypedSecrets:
    """Middleware: reasons, notes, tasks and edited arguments reach verbs and forms without secrets."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)

    def process_view(self, request: HttpRequest, view: View, args: object, kwargs: object) -> None:
        """Once the route is known, and before the view reads the form."""
        del view, args, kwargs
        match = request.resolver_match
        if request.method != "POST" or match is None or match.view_name in ASKED_FOR:
            return
        vault.refresh()
        if any(known.matcher.finds(value) for _, values in request.POST.lists() for value in values):
            request.POST = without_secrets(request.POST)  # type: ignore[assignment]  # the stubs know one more class


def without_secrets(typed: QueryDict) -> QueryDict:
    """The same fields, with marks in the place of secrets."""
    cleaned = typed.copy()
    for name, values in typed.lists():
        cleaned.setlist(name, [known.matcher.text(value) for value in values])
    return QueryDict(cleaned.urlencode())
