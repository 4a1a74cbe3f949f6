"""The dialogs of saved views: save the present filter, change a view, delete it."""

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from console.access.requests import TenantRequest, in_tenant
from console.models import DefaultView, SavedView
from console.screens.frame import frame
from console.screens.runs.address import href_of
from console.screens.runs.asked import Asked
from console.screens.runs.saved import ViewRefused, delete_view, open_with, save_view


class ViewForm(forms.Form):
    """What a view is called, who sees it, and whether one's list opens with it."""

    name = forms.CharField(max_length=40, strip=True, widget=forms.TextInput(attrs={"autofocus": True}))
    shared = forms.BooleanField(required=False, label="Everybody of this tenant sees it")
    default = forms.BooleanField(required=False, label="My list opens with it")


@in_tenant("view", "GET", "HEAD", "POST")
def new_view(request: TenantRequest) -> HttpResponse:
    """Name the filter that is on screen."""
    return _edit(request, None)


@in_tenant("view", "GET", "HEAD", "POST")
def edit_view(request: TenantRequest, view_id: int) -> HttpResponse:
    """Change a view: its owner all of it, others only whether their list opens with it."""
    return _edit(request, _view_of(request, view_id))


@in_tenant("view", "POST")
def remove_view(request: TenantRequest, view_id: int) -> HttpResponse:
    """Delete one's own view."""
    view = _view_of(request, view_id)
    if view.owner_id != request.user.pk:
        raise Http404
    delete_view(view=view, actor=request.user)
    return _to_list(request, "?view=all")


def _view_of(request: TenantRequest, view_id: int) -> SavedView:
    view = SavedView.objects.select_related("tenant", "owner").filter(pk=view_id, tenant=request.tenant).first()
    if view is None or not (view.shared or view.owner_id == request.user.pk):
        raise Http404
    return view


def _edit(request: TenantRequest, view: SavedView | None) -> HttpResponse:
    asked = Asked.of(request.POST if request.method == "POST" else request.GET, request.user.get_username())
    own = view is None or view.owner_id == request.user.pk
    form = ViewForm(request.POST if request.method == "POST" else None, initial=_initial(request, view))
    if not own:
        del form.fields["name"]
    if not own or "launch" not in request.verbs:
        del form.fields["shared"]
    if request.method == "POST" and form.is_valid():
        try:
            return _to_list(request, _save(request, view, form, asked, own=own))
        except ViewRefused as refused:
            form.add_error("name", str(refused))
    context = {"form": form, "view": view, "own": own, "asked": asked, "tenant": request.tenant}
    status = 422 if request.method == "POST" else 200
    if request.htmx:
        return render(request, "runs/_view.html", context, status=status)
    return render(request, "runs/view.html", {**frame(request, active="runs"), **context}, status=status)


def _initial(request: TenantRequest, view: SavedView | None) -> dict[str, object]:
    if view is None:
        return {}
    default = DefaultView.objects.filter(view=view, user=request.user).exists()
    return {"name": view.name, "shared": view.shared, "default": default}


def _save(request: TenantRequest, view: SavedView | None, form: ViewForm, asked: Asked, *, own: bool) -> str:
    """The address of the view, once it is as the form says."""
    given = form.cleaned_data
    if own:
        view = save_view(
            tenant=request.tenant,
            owner=request.user,
            name=given["name"],
            query=str(asked.query),
            order=asked.order,
            shared=given.get("shared", view.shared if view else False),
            view=view,
        )
    if view is None:
        raise Http404
    open_with(tenant=request.tenant, user=request.user, view=view, wanted=given["default"])
    return href_of(view.query, view.order) or "?view=all"


def _to_list(request: TenantRequest, query: str) -> HttpResponse:
    address = reverse("runs:list", args=[request.tenant.slug]) + query
    return HttpResponseClientRedirect(address) if request.htmx else redirect(address)
