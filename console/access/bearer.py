"""Requests of programs: a bearer token instead of a session, and JSON instead of pages."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from budgets.acting import acting_from
from budgets.models import Tenant
from console.access.policy import Verb, standing_of
from console.access.tokens import find_token, note_use
from console.api.answers import fault
from console.models import ApiToken, User

Parameters = ParamSpec("Parameters")


class TokenRequest(HttpRequest):
    """A request with a good token; ``tenant`` is the token's and the address's."""

    user: User
    tenant: Tenant
    token: ApiToken


View = Callable[[HttpRequest, str], HttpResponse]
Inner = Callable[Concatenate[TokenRequest, Parameters], HttpResponse]
Outer = Callable[Concatenate[HttpRequest, str, Parameters], HttpResponse]


def by_token(verb: Verb, method: str) -> Callable[[Inner[Parameters]], Outer[Parameters]]:
    """Let a view see only requests whose token may ``verb`` in their URL's tenant, by this method.

    No cookie is looked at, so that no other site can make a browser send one of these. Without a good token the answer
    is 401, outside of the token's tenant 404, without the verb 403, by other methods 405.
    """

    def decorate(view: Inner[Parameters]) -> Outer[Parameters]:
        @csrf_exempt
        @wraps(view)
        def guarded(
            request: HttpRequest, tenant: str, *args: Parameters.args, **kwargs: Parameters.kwargs
        ) -> HttpResponse:
            token = find_token(_bearer(request))
            if token is None:
                return _unknown()
            try:
                admitted = _admitted(request, token, tenant, verb)
            except Http404:
                return fault(404, "not_found", "There is nothing at this address for this token.")
            except PermissionDenied as denied:
                return fault(403, "not_allowed", str(denied))
            if request.method != method:
                return fault(405, "method_not_allowed", f"This address takes {method}.", headers={"Allow": method})
            note_use(token)
            with acting_from(f"api token {token.name}"):
                return view(admitted, *args, **kwargs)

        # Django passes the tenant by its name, which a ParamSpec behind it cannot say.
        return cast(Outer[Parameters], guarded)

    return decorate


def _bearer(request: HttpRequest) -> str:
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    return text.strip() if scheme.lower() == "bearer" else ""


def _unknown() -> HttpResponse:
    said = "Send a token that is good: Authorization: Bearer wf_... Tokens are made on the page Settings."
    return fault(401, "no_token", said, headers={"WWW-Authenticate": 'Bearer realm="watchfloor"'})


def _admitted(request: HttpRequest, token: ApiToken, tenant_slug: str, verb: Verb) -> TokenRequest:
    """Raises Http404 outside of the token's tenant or of its person's, PermissionDenied without the verb."""
    if token.tenant.slug != tenant_slug:
        raise Http404
    standing = standing_of(token.user, tenant_slug)
    if standing is None:
        raise Http404
    if verb not in token.verbs:
        raise PermissionDenied(f"The token {token.name} was not made for this: {verb}.")
    if verb not in standing.verbs:
        raise PermissionDenied(
            f"The role of {token.user.get_username()} in {tenant_slug} does not include this: {verb}."
        )
    admitted = cast(TokenRequest, request)
    admitted.user, admitted.tenant, admitted.token = token.user, standing.tenant, token
    return admitted
