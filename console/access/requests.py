"""Requests that have passed the door: signed in, a member of the tenant, with the role for what they ask."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.utils.http import urlencode
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from budgets.models import Tenant
from console.access.policy import Standing, Verb, require
from console.models import User

Parameters = ParamSpec("Parameters")


class HtmxHttpRequest(HttpRequest):
    """What django-htmx's middleware makes of every request."""

    htmx: HtmxDetails


class TenantRequest(HtmxHttpRequest):
    """A request of a signed-in person within one tenant; ``verbs`` is what they may do there."""

    user: User
    tenant: Tenant
    verbs: frozenset[Verb]
    tenants: tuple[Tenant, ...]
    standing: Standing


class PlatformRequest(HtmxHttpRequest):
    """A request of an admin of the platform, within no tenant."""

    user: User


Wide = Callable[Concatenate[PlatformRequest, Parameters], HttpResponseBase]
WideOuter = Callable[Concatenate[HttpRequest, Parameters], HttpResponseBase]
Inner = Callable[Concatenate[TenantRequest, Parameters], HttpResponseBase]
Outer = Callable[Concatenate[HttpRequest, str, Parameters], HttpResponseBase]


def in_tenant(verb: Verb, *methods: str) -> Callable[[Inner[Parameters]], Outer[Parameters]]:
    """Let a view see only requests that may ``verb`` in their URL's tenant, by these methods (default: GET).

    Anonymous people are sent to sign in, strangers get a 404, members without the role a 403, other
    methods a 405.
    """
    allowed = [*methods] or ["GET", "HEAD"]

    def decorate(view: Inner[Parameters]) -> Outer[Parameters]:
        @wraps(view)
        def guarded(
            request: HttpRequest, tenant: str, *args: Parameters.args, **kwargs: Parameters.kwargs
        ) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return to_sign_in(cast(HtmxHttpRequest, request))
            if request.method not in allowed:
                return _not_allowed(request, tenant, allowed)
            return view(_admitted(request, tenant, verb), *args, **kwargs)

        # Django passes the tenant by its name, which a ParamSpec behind it cannot say.
        return cast(Outer[Parameters], guarded)

    return decorate


def of_the_platform(*methods: str) -> Callable[[Wide[Parameters]], WideOuter[Parameters]]:
    """Let a view that is in no tenant see only requests of the platform's admins, by these methods."""
    allowed = [*methods] or ["GET", "HEAD"]

    def decorate(view: Wide[Parameters]) -> WideOuter[Parameters]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Parameters.args, **kwargs: Parameters.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return to_sign_in(cast(HtmxHttpRequest, request))
            if not request.user.is_platform_admin:
                raise PermissionDenied("Only an admin of the platform can do this.")
            if request.method not in allowed:
                return HttpResponseNotAllowed(allowed)
            return view(cast(PlatformRequest, request), *args, **kwargs)

        # functools says of a wrapped function less than what it takes.
        return cast(WideOuter[Parameters], guarded)

    return decorate


def to_sign_in(request: HtmxHttpRequest) -> HttpResponse:
    """Send an anonymous person to the sign-in page and back to where they were."""
    if not request.htmx:
        here = request.get_full_path() if request.method in {"GET", "HEAD"} else "/"
        return redirect_to_login(here)
    # A partial would swap the sign-in page into a corner of this one; the whole page has to go there instead.
    page = urlsplit(request.htmx.current_url or "/")
    back = page.path + (f"?{page.query}" if page.query else "")
    return HttpResponseClientRedirect(f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': back})}")


def _admitted(request: HttpRequest, tenant_slug: str, verb: Verb) -> TenantRequest:
    standing = require(request.user, tenant_slug, verb)
    admitted = cast(TenantRequest, request)
    admitted.tenant, admitted.verbs, admitted.tenants = standing.tenant, standing.verbs, standing.tenants
    admitted.standing = standing
    return admitted


def _not_allowed(request: HttpRequest, tenant_slug: str, allowed: list[str]) -> HttpResponse:
    """Strangers learn nothing from the method either."""
    require(request.user, tenant_slug, "view")
    return HttpResponseNotAllowed(allowed)
