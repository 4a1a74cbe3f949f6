"""What a person may set for themselves. Display is kept in cookies by the page; all else is here."""

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django_htmx.http import HttpResponseClientRedirect

from console.access.requests import TenantRequest, in_tenant
from console.access.sessions import change_password, end_other_sessions, end_session, sessions_of
from console.access.tokens import OFFERED, make_token, revoke_token
from console.models import ApiToken
from console.screens.frame import frame
from console.screens.settings.forms import PasswordForm, StartForm, TokenForm
from console.screens.settings.tables import SessionsTable, TokenLine, TokensTable

MOST_TOKENS = 100
Context = dict[str, object]


@never_cache
@in_tenant("view")
def show(request: TenantRequest) -> HttpResponse:
    """The page."""
    return _page(request)


@in_tenant("view", "POST")
def set_start(request: TenantRequest) -> HttpResponse:
    """Keep where the bare address shall lead."""
    form = StartForm(request.POST, user=request.user, tenants=request.tenants)
    if not form.is_valid():
        return _page(request, {"start_form": form}, status=422)
    user = request.user
    user.home_tenant_id = int(form.cleaned_data["home_tenant"]) if form.cleaned_data["home_tenant"] else None
    user.home_page = form.cleaned_data["home_page"]
    user.save(update_fields=["home_tenant", "home_page"])
    return _done(request, "You start there from now on.")


@sensitive_post_parameters()
@sensitive_variables()
@in_tenant("view", "POST")
def set_password(request: TenantRequest) -> HttpResponse:
    """Change it; this session goes on, all others end."""
    form = _password_form(request, sent=True)
    if not form.is_valid():
        return _page(request, {"password_form": form}, status=422)
    change_password(request=request, user=request.user, password=form.cleaned_data["new"], tenant=request.tenant)
    return _done(request, "Your password is changed. Other sessions of yours have ended.")


@in_tenant("view", "POST")
def end_one(request: TenantRequest, session_id: int) -> HttpResponse:
    """Sign another browser out."""
    end_session(session=get_object_or_404(sessions_of(request.user), pk=session_id), tenant=request.tenant)
    return _done(request, "That session has ended.")


@in_tenant("view", "POST")
def end_others(request: TenantRequest) -> HttpResponse:
    """Sign all other browsers out."""
    ended = end_other_sessions(request=request, user=request.user, tenant=request.tenant)
    return _done(request, f"{ended} other session{'' if ended == 1 else 's'} ended.")


@never_cache
@sensitive_variables("text")
@in_tenant("view", "GET", "HEAD", "POST")
def new_token(request: TenantRequest) -> HttpResponse:
    """Ask what it is for (GET), then make it and show it this once (POST)."""
    form = TokenForm(request.POST if request.method == "POST" else None, verbs=request.verbs)
    if request.method != "POST" or not form.is_valid():
        return _dialog(request, "token", {"form": form}, status=422 if request.method == "POST" else 200)
    token, text = make_token(
        user=request.user,
        tenant=request.tenant,
        name=form.cleaned_data["name"],
        verbs=form.chosen(),
        expires_at=form.expires_at(),
    )
    address = request.build_absolute_uri(reverse("api:launch", args=[request.tenant.slug]))
    return _dialog(request, "made", {"token": token, "text": text, "address": address})


@in_tenant("view", "GET", "HEAD", "POST")
def revoke(request: TenantRequest, token_id: int) -> HttpResponse:
    """Say what stops working (GET), then end it (POST)."""
    token = get_object_or_404(_tokens(request), pk=token_id)
    if request.method != "POST":
        return _dialog(request, "revoke", {"token": token})
    revoke_token(token=token, actor=request.user)
    return _done(request, f"The token {token.name} has ended.")


def _page(request: TenantRequest, more: Context | None = None, *, status: int = 200) -> HttpResponse:
    words = dict(OFFERED)
    tokens = [
        TokenLine(token, [words[verb] for verb in token.verbs if verb in words])
        for token in _tokens(request)[:MOST_TOKENS]
    ]
    context = {
        **frame(request, active="settings"),
        "start_form": StartForm(None, user=request.user, tenants=request.tenants),
        "password_form": _password_form(request, sent=False),
        "sessions": SessionsTable(sessions_of(request.user)),
        "present_key": request.session.session_key,
        "tokens": TokensTable(tokens),
        "now": timezone.now(),
        **(more or {}),
    }
    return render(request, "settings/settings.html", context, status=status)


def _password_form(request: TenantRequest, *, sent: bool) -> PasswordForm:
    address = request.META.get("REMOTE_ADDR", "")
    return PasswordForm(request.POST if sent else None, user=request.user, address=address)


def _tokens(request: TenantRequest) -> QuerySet[ApiToken]:
    """This person's tokens of this tenant that have not been revoked."""
    mine = ApiToken.objects.filter(user=request.user, tenant=request.tenant, revoked_at=None)
    return mine.select_related("user", "tenant").order_by("-created_at", "-pk")


def _done(request: TenantRequest, said: str) -> HttpResponse:
    messages.success(request, said, extra_tags="ok")
    address = reverse("settings:show", args=[request.tenant.slug])
    return HttpResponseClientRedirect(address) if request.htmx else redirect(address)


def _dialog(request: TenantRequest, name: str, context: Context, *, status: int = 200) -> HttpResponse:
    """``settings/_<name>.html``, alone for htmx, else on a page of its own."""
    partial = f"settings/_{name}.html"
    if request.htmx:
        return render(request, partial, {"tenant": request.tenant, "verbs": request.verbs, **context}, status=status)
    whole = {**frame(request, active="settings"), "partial": partial, **context}
    return render(request, "settings/dialog.html", whole, status=status)
