"""Who is in a tenant: everybody there sees it; who may manage people changes it, one dialog an act."""

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django_htmx.http import HttpResponseClientRedirect

from console.access.people import (
    LINK_MINUTES,
    PersonRefused,
    add_member,
    change_role,
    disable,
    enable,
    let_in,
    may_let_in,
    remove_member,
)
from console.access.requests import TenantRequest, in_tenant
from console.models import Membership
from console.screens.frame import frame
from console.screens.people.forms import AddForm, RoleForm
from console.screens.people.selectors import people_of, ties_of, with_ways_in
from console.screens.people.tables import PeopleTable

ROWS = 100
Context = dict[str, object]


@never_cache
@in_tenant("view")
def list_people(request: TenantRequest) -> HttpResponse:
    """The page; sessions, tokens and verbs are on it for those who may change something."""
    may_change = "manage_people" in request.verbs
    people = people_of(request.tenant)
    if may_change:
        people = with_ways_in(people, tenant=request.tenant, actor=request.user, now=timezone.now())
    page = Paginator(people, ROWS).get_page(request.GET.get("page"))
    context = {
        **frame(request, active="people"),
        "table": PeopleTable(list(page), may_change=may_change),
        "page": page,
        "may_change": may_change,
    }
    return render(request, "people/people.html", context)


@never_cache
@sensitive_variables("path")
@in_tenant("manage_people", "GET", "HEAD", "POST")
def add(request: TenantRequest) -> HttpResponse:
    """Ask who and in which role (GET), then add them, and show whoever is new a link this once (POST)."""
    form = AddForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        return _dialog(request, "add", {"form": form}, status=422 if request.method == "POST" else 200)
    given = form.cleaned_data
    try:
        added = add_member(tenant=request.tenant, actor=request.user, **given)
    except PersonRefused as refused:
        form.add_error(refused.field or None, refused.text)
        return _dialog(request, "add", {"form": form}, status=422)
    if not added.is_new:
        return _done(request, f"{given['username']} is in {request.tenant.slug} as {given['role']}.")
    path = let_in(member=added.member, actor=request.user)
    return _link_shown(request, added.member, path)


@in_tenant("manage_people", "GET", "HEAD", "POST")
def role(request: TenantRequest, member_id: int) -> HttpResponse:
    """Ask for another role (GET), then give it (POST)."""
    member = _member(request, member_id)
    form = RoleForm(request.POST if request.method == "POST" else None, initial={"role": member.role})
    if request.method == "POST" and form.is_valid():
        try:
            change_role(member=member, role=form.cleaned_data["role"], actor=request.user)
        except PersonRefused as refused:
            form.add_error(refused.field or None, refused.text)
        else:
            return _done(request, f"{member.user.get_username()} is {form.cleaned_data['role']} now.")
    status = 422 if request.method == "POST" else 200
    return _dialog(request, "role", {"form": form, "member": member}, status=status)


@never_cache
@sensitive_variables("path")
@in_tenant("manage_people", "GET", "HEAD", "POST")
def link(request: TenantRequest, member_id: int) -> HttpResponse:
    """Say what a link does (GET), then make one and show it this once (POST)."""
    member = _member(request, member_id)
    if request.method != "POST":
        may = may_let_in(person=member.user, actor=request.user)
        return _dialog(request, "link", {"member": member, "minutes": LINK_MINUTES, "may": may})
    try:
        path = let_in(member=member, actor=request.user)
    except PersonRefused as refused:
        return _dialog(request, "link", {"member": member, "refused": refused.text}, status=422)
    return _link_shown(request, member, path)


@in_tenant("manage_people", "GET", "HEAD", "POST")
def remove(request: TenantRequest, member_id: int) -> HttpResponse:
    """Say what ends and what goes on (GET), then remove them (POST)."""
    member = _member(request, member_id)
    said = f"{member.user.get_username()} is no longer in {request.tenant.slug}."
    return _act(request, "remove", member, lambda: remove_member(member=member, actor=request.user), said)


@in_tenant("manage_people", "GET", "HEAD", "POST")
def switch_off(request: TenantRequest, member_id: int) -> HttpResponse:
    """Say that it holds everywhere (GET), then disable the person (POST)."""
    _check_in_charge(request)
    member = _member(request, member_id)
    said = f"{member.user.get_username()} is disabled."
    return _act(request, "disable", member, lambda: disable(person=member.user, actor=request.user), said)


@in_tenant("manage_people", "GET", "HEAD", "POST")
def switch_on(request: TenantRequest, member_id: int) -> HttpResponse:
    """Say what comes back (GET), then enable the person (POST)."""
    _check_in_charge(request)
    member = _member(request, member_id)
    said = f"{member.user.get_username()} is enabled."
    return _act(request, "enable", member, lambda: enable(person=member.user, actor=request.user), said)


def _act(request: TenantRequest, name: str, member: Membership, act: Callable[[], object], said: str) -> HttpResponse:
    """The dialog of this name on GET; on POST the act, and the dialog again with the reason when it was refused."""
    context: Context = {"member": member}
    if request.method == "POST":
        try:
            act()
        except PersonRefused as refused:
            context["refused"] = refused.text
        else:
            return _done(request, said)
    if name == "remove":
        context["ties"] = ties_of(member, timezone.now())
    return _dialog(request, name, context, status=422 if request.method == "POST" else 200)


def _check_in_charge(request: TenantRequest) -> None:
    if not request.user.is_platform_admin:
        raise PermissionDenied("It holds in every tenant, so only an admin of the platform can do this.")


def _member(request: TenantRequest, member_id: int) -> Membership:
    people = Membership.objects.select_related("user", "tenant")
    return get_object_or_404(people, tenant=request.tenant, pk=member_id)


def _link_shown(request: TenantRequest, member: Membership, path: str) -> HttpResponse:
    context = {"member": member, "address": request.build_absolute_uri(path), "minutes": LINK_MINUTES}
    return _dialog(request, "made", context)


def _done(request: TenantRequest, said: str) -> HttpResponse:
    messages.success(request, said, extra_tags="ok")
    address = reverse("people:list", args=[request.tenant.slug])
    return HttpResponseClientRedirect(address) if request.htmx else redirect(address)


def _dialog(request: TenantRequest, name: str, context: Context, *, status: int = 200) -> HttpResponse:
    """``people/_<name>.html``, alone for htmx, else on a page of its own."""
    partial = f"people/_{name}.html"
    if request.htmx:
        return render(request, partial, {"tenant": request.tenant, "verbs": request.verbs, **context}, status=status)
    whole = {**frame(request, active="people"), "partial": partial, **context}
    return render(request, "people/dialog.html", whole, status=status)
