"""All tenants, for the platform's admins: what goes on in each, another one, another name."""

from zoneinfo import available_timezones

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import IntegrityError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django_htmx.http import HttpResponseClientRedirect

from budgets.models import Tenant
from budgets.seed import open_tenant
from budgets.tenants import TenantRefused, rename_tenant
from console.access.policy import tenants_of
from console.access.requests import PlatformRequest, of_the_platform
from console.screens.frame import frame_outside
from console.screens.tenants.forms import AddForm, NameForm
from console.screens.tenants.selectors import lines_of
from console.screens.tenants.tables import TenantsTable

ROWS = 100
Context = dict[str, object]


@never_cache
@of_the_platform()
def list_tenants(request: PlatformRequest) -> HttpResponse:
    """The page."""
    tenants = list(tenants_of(request.user))
    page = Paginator(tenants, ROWS).get_page(request.GET.get("page"))
    table = TenantsTable(lines_of(list(page), timezone.now()))
    context = {**frame_outside(request.user, active="tenants"), "tenants": tenants, "table": table, "page": page}
    return render(request, "tenants/tenants.html", context)


@of_the_platform("GET", "HEAD", "POST")
def add(request: PlatformRequest) -> HttpResponse:
    """Ask what it is called and when its days begin (GET), then make it with the limits of a first start (POST)."""
    form = AddForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and (tenant := _opened(request, form)):
        return _done(
            request, f"{tenant.name} is there. Add its first admin.", reverse("people:list", args=[tenant.slug])
        )
    zones = sorted(available_timezones())
    status = 422 if request.method == "POST" else 200
    return _dialog(request, "add", {"form": form, "zones": zones}, status=status)


@of_the_platform("GET", "HEAD", "POST")
def rename(request: PlatformRequest, slug: str) -> HttpResponse:
    """Ask for another name (GET), then give it (POST)."""
    tenant = get_object_or_404(Tenant, slug=slug)
    before = tenant.name
    form = NameForm(request.POST if request.method == "POST" else None, initial={"name": before})
    if request.method == "POST" and form.is_valid():
        try:
            rename_tenant(tenant=tenant, name=form.cleaned_data["name"], actor=request.user.get_username())
        except TenantRefused as refused:
            form.add_error("name", refused.text)
        else:
            return _done(request, f"{before} is called {tenant.name} now.", reverse("tenants:list"))
    status = 422 if request.method == "POST" else 200
    return _dialog(request, "rename", {"form": form, "of": tenant}, status=status)


def _opened(request: PlatformRequest, form: AddForm) -> Tenant | None:
    """None, with the reason at its field, when it was refused."""
    try:
        return open_tenant(**form.cleaned_data, actor=request.user.get_username())
    except TenantRefused as refused:
        form.add_error(refused.field, refused.text)
    except IntegrityError:
        form.add_error("slug", "Somebody has just made a tenant of this name.")
    return None


def _done(request: PlatformRequest, said: str, address: str) -> HttpResponse:
    messages.success(request, said, extra_tags="ok")
    return HttpResponseClientRedirect(address) if request.htmx else redirect(address)


def _dialog(request: PlatformRequest, name: str, context: Context, *, status: int = 200) -> HttpResponse:
    """``tenants/_<name>.html``, alone for htmx, else on a page of its own."""
    partial = f"tenants/_{name}.html"
    if request.htmx:
        return render(request, partial, context, status=status)
    whole = {
        **frame_outside(request.user, active="tenants"),
        "tenants": tenants_of(request.user),
        "partial": partial,
        **context,
    }
    return render(request, "tenants/dialog.html", whole, status=status)
