"""Sign in by password or by link, and sign out."""

import logging

from django.conf import settings
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from console.access.sessions import note_session
from console.access.sign_in_links import find_link, use_link
from console.models import User
from console.screens.sign_in.forms import SignInForm

MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"
log = logging.getLogger(__name__)


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Show the form; with a right name and password, go where the person was heading."""
    following = _safe_next(request)
    if request.user.is_authenticated:
        return redirect(following)
    form = SignInForm(request.POST if request.method == "POST" else None, request=request)
    if request.method == "POST" and form.is_valid() and form.user:
        _enter(request, form.user, by="password")
        return redirect(following)
    status = 200 if request.method != "POST" else 422
    return render(request, "sign_in/sign_in.html", {"form": form, "next": following}, status=status)


@never_cache
@sensitive_variables("token")
@require_http_methods(["GET", "HEAD", "POST"])
def by_link(request: HttpRequest, token: str) -> HttpResponse:
    """Show one button (whatever fetches links ahead must not use them up); when it is pressed, sign in."""
    if request.method == "POST":
        user = use_link(token)
        if user:
            _enter(request, user, by="link")
            return redirect(settings.LOGIN_REDIRECT_URL)
    link = find_link(token)
    return render(request, "sign_in/link.html", {"link": link}, status=200 if link else 410)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End this session."""
    logout(request)
    return redirect(settings.LOGOUT_REDIRECT_URL)


def _enter(request: HttpRequest, user: User, *, by: str) -> None:
    login(request, user, backend=MODEL_BACKEND)
    note_session(request, user)
    log.info("signed in", extra={"user": user.get_username(), "by": by})


def _safe_next(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    here = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if here else resolve_url(settings.LOGIN_REDIRECT_URL)
