"""Answers the palette: what the letters typed so far may mean, for this person in this tenant."""

from django.http import HttpResponse
from django.shortcuts import render

from console.access.requests import TenantRequest, in_tenant
from console.screens.palette.items import grouped
from console.screens.palette.places import places
from console.screens.palette.selectors import rows

MAX_CHARACTERS = 100
MAX_RECENT = 12


@in_tenant("view")
def find(request: TenantRequest) -> HttpResponse:
    """The list below the field; ``recent`` are addresses that the browser had open, the last one first."""
    text = request.GET.get("q", "").replace("\x00", "")[:MAX_CHARACTERS].strip()
    recent = request.GET.get("recent", "").split()[:MAX_RECENT]
    found = [*places(request), *rows(request.tenant, request.user, text, recent)]
    return render(request, "palette/_found.html", {"groups": grouped(found, text, recent), "text": text})
