"""Prices: what holds, its history, and new versions, which only people of the platform set."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from agents.contracts.llms import LLMError
from agents.llms.registry import split_reference
from budgets.listed_prices import listed_price
from budgets.models import PriceOverride
from budgets.prices import TOOL, PriceRefused, UnknownPrice, price_for, price_of_tool, set_price, withdraw_price
from budgets.pricing import PriceSnapshot, Rates
from console.access.requests import TenantRequest, in_tenant
from console.screens.frame import frame
from console.screens.moments import moment
from console.screens.prices.forms import AnyForm, as_typed, price_form
from console.screens.prices.preview import preview_of
from console.screens.prices.selectors import price_list, priced
from console.screens.prices.tables import (
    FeeVersionsTable,
    LLMVersionsTable,
    PricesTable,
    ToolsTable,
    UnpricedTable,
    version_rows,
)


@in_tenant("view")
def list_prices(request: TenantRequest) -> HttpResponse:
    """All prices, or with ``?llm=`` everything about one."""
    if name := request.GET.get("llm", "").replace("\x00", "").strip():
        return _one(request, name)
    found = price_list(request.tenant, timezone.now(), of_platform=_of_platform(request))
    slug = request.tenant.slug
    context = {
        **frame(request, active="prices"),
        "prices": found,
        "llms": PricesTable(found.llms, tenant_slug=slug),
        "unpriced": UnpricedTable(found.unpriced, tenant_slug=slug),
        "tools": ToolsTable(found.fees, tenant_slug=slug),
    }
    return render(request, "prices/prices.html", context)


def _one(request: TenantRequest, name: str) -> HttpResponse:
    if not name.isprintable():  # no name that a database could be asked for
        raise Http404
    at = timezone.now()
    row, versions = priced(name, request.tenant, at, of_platform=_of_platform(request))
    if not versions and not row.used_by and not (row.is_tool or _is_llm(name)):
        raise Http404
    table = FeeVersionsTable if row.is_tool else LLMVersionsTable
    context = {
        **frame(request, active="prices"),
        "row": row,
        "listed": listed_price(name, at),
        "versions": table(version_rows(versions, at)) if versions else None,
    }
    return render(request, "prices/one.html", context)


@in_tenant("set_prices", "GET", "HEAD", "POST")
def set_new(request: TenantRequest) -> HttpResponse:
    """The form, which starts with the price that holds or, with ``?from=list``, with the public list's."""
    form = _form(request, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        version = set_price(
            llm=form.cleaned_data["llm"],
            rates=form.rates,
            effective_from=form.begins_at,
            created_by=request.user.get_username(),
            note=form.cleaned_data["note"],
        )
        scheduled = version.effective_from > form.at
        when = format_html("from {} on", moment(version.effective_from)) if scheduled else "from now on"
        messages.success(request, format_html("The price of {} is set, {}.", version.llm, when), extra_tags="ok")
        return redirect(_address(request, version.llm))
    context = {**frame(request, active="prices"), "form": form, "name": form["llm"].value() or ""}
    return render(request, "prices/set.html", context, status=422 if form.errors else 200)


@in_tenant("set_prices", "POST")
def preview(request: TenantRequest) -> HttpResponse:
    """What stands beside the form, for what is typed so far. Changes nothing."""
    form = _form(request, request.POST)
    valid = form.is_valid()
    name = form.cleaned_data.get("llm", "")
    context: dict[str, object] = {"tenant": request.tenant, "form": form, "name": name, "valid": valid}
    if name:
        row, _ = priced(name, request.tenant, form.at, of_platform=True)
        context |= {"row": row, "listed": listed_price(name, form.at)}
    if valid:
        context |= {"rates": form.rates, "preview": preview_of(name, form.rates, form.at)}
    return render(request, "prices/_preview.html", context)


@in_tenant("set_prices", "POST")
def withdraw(request: TenantRequest, version: int) -> HttpResponse:
    """Take a scheduled version back."""
    found = get_object_or_404(PriceOverride, pk=version)
    try:
        withdraw_price(version=found, created_by=request.user.get_username())
    except PriceRefused as refusal:
        messages.error(request, str(refusal), extra_tags="bad")
    else:
        text = format_html("Withdrawn: from {} on, what holds before it goes on.", moment(found.effective_from))
        messages.success(request, text, extra_tags="ok")
    return redirect(_address(request, found.llm))


def _form(request: TenantRequest, data: Mapping[str, Any] | None) -> AnyForm:
    asked = request.GET
    name = asked.get("llm", "").replace("\x00", "").strip()
    given = {"llm": name, "effective_from": asked.get("effective_from", ""), "note": asked.get("note", "")}
    return price_form(data, initial={**given, **as_typed(_starting_rates(request, name))})


def _starting_rates(request: TenantRequest, name: str) -> Rates | None:
    at = timezone.now()
    if request.GET.get("from") == "list":
        found = listed_price(name, at)
    elif name.startswith(TOOL):
        found = price_of_tool(name.removeprefix(TOOL), at)
    else:
        found = _price_or_none(name, at)
    return found.rates if found else None


def _price_or_none(llm: str, at: datetime) -> PriceSnapshot | None:
    try:
        return price_for(llm, at)
    except UnknownPrice:
        return None


def _is_llm(name: str) -> bool:
    try:
        split_reference(name)
    except LLMError:
        return False
    return True


def _of_platform(request: TenantRequest) -> bool:
    return "set_prices" in request.verbs


def _address(request: TenantRequest, name: str) -> str:
    return reverse("prices:list", args=[request.tenant.slug], query={"llm": name})
