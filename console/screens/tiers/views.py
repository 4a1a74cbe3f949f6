"""The tiers of a tenant: the list, the edit of one with what it would have done, its history, and undo."""

from collections.abc import Mapping
from dataclasses import replace
from zoneinfo import available_timezones

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django_htmx.http import HttpResponseClientRedirect

from agents.funding import edit_tier, undo_edit
from agents.what_if import WhatIf, what_if
from budgets.models import TierEdit
from budgets.periods import zone
from budgets.tier_edits import Change, TierChanged, version_of
from budgets.tier_settings import SettingRefused
from budgets.time_zone import set_time_zone
from console.access.requests import TenantRequest, in_tenant
from console.screens.frame import frame
from console.screens.tiers.conflict import Conflict, conflict_since, rebased
from console.screens.tiers.forms import MADE_FROM, OverrideForm, TierForm, TimeZoneForm
from console.screens.tiers.history import changes_between, entries
from console.screens.tiers.place import Place, place_in
from console.screens.tiers.selectors import edits_of, just_saved, present_at, stopped_lines, tier_list
from console.screens.tiers.tables import HistoryTable, TiersTable

Context = dict[str, object]


@in_tenant("view")
def list_tiers(request: TenantRequest) -> HttpResponse:
    """Every tier; after an edit with a note from which it can be undone."""
    found = tier_list(request.tenant, request.GET.get("page", "1"))
    saved = just_saved(request.tenant, request.GET.get("saved", ""))
    here = Place(saved.tier).query if saved else place_in(request.tenant, request.GET).query
    tiers = TiersTable((*found.everybody, *found.overrides), columns=found.columns, here=here)
    context = {**frame(request, active="budgets"), "list": found, "tiers": tiers, "saved": saved}
    context["saved_place"] = Place(saved.tier) if saved else None
    return render(request, "tiers/tiers.html", context)


@in_tenant("edit_budgets", "GET", "HEAD", "POST")
def edit(request: TenantRequest) -> HttpResponse:
    """The form; a right one is shown once more with what it would have done, then saved."""
    place = place_in(request.tenant, request.GET)
    form = _form(place, request.POST if request.method == "POST" else None)
    if request.method == "POST" and "back" not in request.POST and form.is_valid():
        if not (form.change.changes or form.change.unset):
            form.add_error(None, "Nothing would change.")
        elif conflict := conflict_since(place, form.change.seen):
            return _told(request, place, conflict)
        elif "confirmed" in request.POST:
            return _saved(request, place, form)
        else:
            return render(request, "tiers/confirm.html", {**_page(request, form), **_before_saving(request, form)})
    asked = form.errors and "back" not in request.POST
    return render(request, "tiers/edit.html", _page(request, form), status=422 if asked else 200)


@in_tenant("edit_budgets", "POST")
def preview(request: TenantRequest) -> HttpResponse:
    """What stands beside the form, for what is typed so far. Changes nothing."""
    form = _form(place_in(request.tenant, request.GET), request.POST)
    return render(request, "tiers/_what_if.html", _beside(request, form))


@in_tenant("view")
def history(request: TenantRequest) -> HttpResponse:
    """Every edit of one tier, newest first."""
    place = place_in(request.tenant, request.GET)
    told = entries(edits_of(place))
    return render(
        request, "tiers/history.html", {**_frame(request, place), "entries": told, "edits": HistoryTable(told)}
    )


@in_tenant("edit_budgets", "POST")
def undo(request: TenantRequest, edit_id: int) -> HttpResponse:
    """Take an edit back; its history says what counts again."""
    found = _edit(request, edit_id)
    undone = undo_edit(edit=found, actor=request.user.get_username())
    messages.success(request, "Undone; what stood before counts again." if undone else "It had lapsed already.", "ok")
    return _go(request, Place(found.tier).href("history"))


@in_tenant("edit_budgets", "POST")
def keep(request: TenantRequest, edit_id: int) -> HttpResponse:
    """Let what an edit lent hold for ever."""
    found = _edit(request, edit_id)
    change = Change(
        changes=found.changes,
        unset=found.unset,
        reason=f"Kept for ever: {found.reason}"[:500],
        actor=request.user.get_username(),
        made_from=MADE_FROM,
    )
    try:
        edit_tier(tenant=request.tenant, surface=found.tier.surface, user=found.tier.user, change=change)
        messages.success(request, "Kept for ever.", "ok")
    except SettingRefused as refused:
        messages.error(request, refused.text, "bad")
    return _go(request, Place(found.tier).href("history"))


@in_tenant("edit_budgets", "GET", "HEAD", "POST")
def add_override(request: TenantRequest) -> HttpResponse:
    """Name the user; the form of their tier comes next."""
    form = OverrideForm(request.POST if request.method == "POST" else None, tenant=request.tenant)
    if request.method == "POST" and form.is_valid():
        query = {name: value for name, value in form.cleaned_data.items() if value}
        return redirect(f"{reverse('tiers:edit', args=[request.tenant.slug])}?{urlencode(query)}")
    context = {**frame(request, active="budgets"), "form": form}
    return render(request, "tiers/override.html", context, status=422 if form.errors else 200)


@in_tenant("edit_budgets", "GET", "HEAD", "POST")
def time_zone(request: TenantRequest) -> HttpResponse:
    """Where the tenant's days begin."""
    form = TimeZoneForm(
        request.POST if request.method == "POST" else None, initial={"timezone": request.tenant.timezone}
    )
    if request.method == "POST" and form.is_valid():
        name = form.cleaned_data["timezone"]
        if set_time_zone(tenant=request.tenant, name=name, actor=request.user.get_username()):
            messages.success(request, f"Days begin at midnight in {name} from now on.", "ok")
        return redirect("tiers:list", request.tenant.slug)
    context = {**frame(request, active="budgets"), "form": form, "zones": sorted(available_timezones())}
    return render(request, "tiers/time_zone.html", context, status=422 if form.errors else 200)


def _form(place: Place, data: Mapping[str, str] | None) -> TierForm:
    return TierForm(data, place=place, present=present_at(place))


def _page(request: TenantRequest, form: TierForm) -> Context:
    return {**_frame(request, form.place), **_beside(request, form)}


def _frame(request: TenantRequest, place: Place) -> Context:
    hrefs = {f"{route}_href": place.href(route) for route in ("edit", "history", "what_if")}
    return {**frame(request, active="budgets"), "place": place, **hrefs}


def _beside(request: TenantRequest, form: TierForm) -> Context:
    """The context of tiers/_what_if.html."""
    found = _asked(form) if form.is_bound and form.settings_are_right else None
    lines = stopped_lines(request.tenant, found.stopped) if found else []
    return {"tenant": request.tenant, "form": form, "what_if": found, "lines": lines}


def _asked(form: TierForm) -> WhatIf | None:
    if not (form.change.changes or form.change.unset):
        return None
    return what_if(tier=form.place.tier, change=form.change, at=timezone.now())


def _before_saving(request: TenantRequest, form: TierForm) -> Context:
    own = form.place.tier.settings
    after = {name: value for name, value in {**own, **form.change.changes}.items() if name not in form.change.unset}
    given = [(name, value) for name, value in request.POST.items() if name != "csrfmiddlewaretoken"]
    ends_at = form.change.expires_at
    until = (
        f"{ends_at.astimezone(zone(request.tenant.timezone)):%Y-%m-%d %H:%M} {request.tenant.timezone}"
        if ends_at
        else ""
    )
    return {"changes": changes_between(own, after), "given": given, "until": until}


def _saved(request: TenantRequest, place: Place, form: TierForm) -> HttpResponse:
    change = replace(form.change, actor=request.user.get_username(), seen=form.change.seen or version_of(place.tier))
    try:
        made = edit_tier(tenant=request.tenant, surface=place.surface, user=place.user, change=change)
    except TierChanged:
        fresh = place_in(request.tenant, request.GET)
        return _told(request, fresh, conflict_since(fresh, change.seen) or Conflict((), (), {}))
    except SettingRefused as refused:
        form.refuse(refused)
        return render(request, "tiers/edit.html", _page(request, form), status=422)
    saved = f"?saved={made.pk}" if made else ""
    return redirect(reverse("tiers:list", args=[request.tenant.slug]) + saved)


def _told(request: TenantRequest, place: Place, conflict: Conflict) -> HttpResponse:
    """The form once more: what somebody else changed is in it, what this person typed too, and nothing was saved."""
    form = _form(place, rebased(request.POST, place, conflict))
    form.is_valid()
    return render(request, "tiers/edit.html", {**_page(request, form), "conflict": conflict}, status=409)


def _edit(request: TenantRequest, edit_id: int) -> TierEdit:
    edits = TierEdit.objects.for_tenant(request.tenant).select_related("tier__tenant", "tier__surface")
    return get_object_or_404(edits, pk=edit_id)


def _go(request: TenantRequest, address: str) -> HttpResponse:
    return HttpResponseClientRedirect(address) if request.htmx else redirect(address)
