"""The wall: the Overview for whoever has its link, and the links, which admins make and revoke."""

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from budgets import clock
from console.access.requests import TenantRequest, in_tenant
from console.access.wall_links import make_wall_link, revoke_wall_link, tenant_of_wall
from console.live.feeds import position_of_overview
from console.models import WallLink
from console.screens.frame import frame
from console.screens.overview.facts import read_facts
from console.screens.overview.page import page_of
from console.screens.overview.tables import WallsTable

REVOKED_SHOWN = 10


class PlaceForm(forms.Form):
    """Where the wall hangs, so that one knows later which link to revoke."""

    place = forms.CharField(
        max_length=80,
        label="Where it hangs",
        help_text="Such as: office, 3rd floor.",
        error_messages={"required": "Say where it hangs; the list of links needs it."},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


@require_safe
def show_wall(request: HttpRequest, token: str) -> HttpResponse:
    """The wall of a link; a wrong one and a revoked one do not exist."""
    tenant = tenant_of_wall(token)
    if tenant is None:
        raise Http404
    live = position_of_overview(tenant.pk)
    page = page_of(read_facts(tenant, clock.now()))
    context = {"live": live, "page": page, "wall_of": tenant, "socket": f"/live/wall/{token}/"}
    response = render(request, "overview/wall.html", context)
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "no-store"
    return response


@in_tenant("manage_people")
def list_links(request: TenantRequest) -> HttpResponse:
    """The links that stand, the last ones that were revoked, and a form for another."""
    return _listed(request, PlaceForm())


@in_tenant("manage_people", "POST")
def make_link(request: TenantRequest) -> HttpResponse:
    """Make one; this answer is the only place where it is ever shown."""
    form = PlaceForm(request.POST)
    if not form.is_valid():
        return _listed(request, form, status=422)
    place = form.cleaned_data["place"]
    path = make_wall_link(tenant=request.tenant, place=place, actor=request.user.get_username())
    return _listed(request, PlaceForm(), made=request.build_absolute_uri(path))


@in_tenant("manage_people", "POST")
def revoke_link(request: TenantRequest, link_id: int) -> HttpResponse:
    """Its wall goes dark at the next heartbeat."""
    link = get_object_or_404(WallLink.objects.select_related("tenant"), tenant=request.tenant, pk=link_id)
    revoke_wall_link(link=link, actor=request.user.get_username())
    return redirect("overview:walls", request.tenant.slug)


def _listed(request: TenantRequest, form: PlaceForm, *, made: str = "", status: int = 200) -> HttpResponse:
    links = WallLink.objects.filter(tenant=request.tenant)
    context = {
        **frame(request, active="overview"),
        "form": form,
        "made": made,
        "standing": WallsTable(links.filter(revoked_at=None).order_by("-pk")),
        "revoked": links.exclude(revoked_at=None).order_by("-revoked_at")[:REVOKED_SHOWN],
    }
    return render(request, "overview/walls.html", context, status=status)
