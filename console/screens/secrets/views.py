"""Secrets of a tenant and of all tenants: listed, set and removed. No answer of any of these pages holds a value."""

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django_htmx.http import HttpResponseClientRedirect

from agents.models import Secret
from agents.secrets.keys import KeysAmiss
from agents.secrets.redaction import redacted
from agents.secrets.store import SecretRefused, remove_secret, set_secret
from agents.secrets.vault import vault
from console.access.requests import TenantRequest, in_tenant
from console.screens.frame import frame
from console.screens.secrets.forms import SecretForm
from console.screens.secrets.selectors import left_without, secrets_of
from console.screens.secrets.tables import SecretsTable, WantedTable


@in_tenant("view")
def list_secrets(request: TenantRequest) -> HttpResponse:
    """What is needed and missing, and what is set."""
    found = secrets_of(request.tenant)
    context = {
        **frame(request, active="secrets"),
        "secrets": found,
        "wanted": WantedTable(found.wanted),
        "kept": SecretsTable(found.lines),
        "of_platform": request.user.is_platform_admin,
    }
    return render(request, "secrets/secrets.html", context)


@sensitive_post_parameters("value")
@sensitive_variables()
@in_tenant("set_secrets", "GET", "HEAD", "POST")
def set_one(request: TenantRequest) -> HttpResponse:
    """Ask for a value (GET), then keep it in place of an earlier one (POST)."""
    of_platform = request.user.is_platform_admin
    given = {"name": request.GET.get("name", ""), "whose": request.GET.get("whose", "tenant")}
    form = SecretForm(
        _typed(request) if request.method == "POST" else None,
        initial=given,
        tenant_slug=request.tenant.slug,
        may_set_for_all=of_platform,
    )
    form.fields["value" if given["name"] else "name"].widget.attrs["autofocus"] = True
    status = 200
    if request.method == "POST":
        if form.is_valid() and _is_kept(request, form):
            return _to_list(request)
        status = 422
    return _dialog(request, "set", {"form": form, "replaced": _standing(request, given)}, status=status)


@in_tenant("set_secrets", "GET", "HEAD", "POST")
def remove(request: TenantRequest, secret_id: int) -> HttpResponse:
    """Say what will be left without it (GET), then remove it (POST)."""
    secret = Secret.objects.filter(pk=secret_id).first()
    if secret is None or secret.tenant_id not in (None, request.tenant.pk):
        raise Http404
    if secret.tenant_id is None and not request.user.is_platform_admin:
        raise PermissionDenied("Secrets of all tenants are the platform's to remove.")
    if request.method == "POST":
        remove_secret(secret=secret, actor=request.user.get_username())
        return _to_list(request)
    return _dialog(request, "remove", {"secret": secret, "left_without": left_without(secret)})


def _is_kept(request: TenantRequest, form: SecretForm) -> bool:
    """False, with the reason in the form, when it was refused."""
    typed = form.cleaned_data
    tenant = None if form.for_all else request.tenant
    try:
        set_secret(tenant=tenant, name=typed["name"], value=typed["value"], actor=request.user.get_username())
    except SecretRefused as refused:
        form.add_error(refused.field, refused.text)
    except KeysAmiss as amiss:
        form.add_error(None, str(amiss))
    return form.is_valid()


def _typed(request: TenantRequest) -> QueryDict:
    """What was typed; a known secret in the field of the name is no name, and must not come back in the form."""
    vault.refresh()
    typed = request.POST.copy()
    typed["name"] = redacted(typed.get("name", ""))
    return typed


def _standing(request: TenantRequest, given: dict[str, str]) -> Secret | None:
    """What is there under this name already."""
    tenant = None if given["whose"] == "all" else request.tenant
    return Secret.objects.filter(tenant=tenant, name=given["name"]).first()


def _to_list(request: TenantRequest) -> HttpResponse:
    address = reverse("secrets:list", args=[request.tenant.slug])
    return HttpResponseClientRedirect(address) if request.htmx else redirect(address)


def _dialog(request: TenantRequest, name: str, context: dict[str, object], *, status: int = 200) -> HttpResponse:
    """``secrets/_<name>.html``, alone for htmx, else on a page of its own."""
    partial = f"secrets/_{name}.html"
    if request.htmx:
        return render(request, partial, {"tenant": request.tenant, "verbs": request.verbs, **context}, status=status)
    whole = {**frame(request, active="secrets"), "partial": partial, **context}
    return render(request, "secrets/dialog.html", whole, status=status)
