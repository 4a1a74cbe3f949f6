"""Who did what in a tenant, when, why, and from where."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode

from console.access.requests import TenantRequest, in_tenant
from console.screens.actions.selectors import Asked, actions_of
from console.screens.actions.tables import ActionsTable
from console.screens.frame import frame


@in_tenant("view")
def list_actions(request: TenantRequest) -> HttpResponse:
    """One page of them; the address carries what is looked for."""
    asked = Asked.of(request.GET)
    part = actions_of(request.tenant, asked)
    sought = {"actor": asked.actor, "verb": asked.verb, "run": asked.run}
    chosen = {name: value for name, value in sought.items() if value}
    context = {
        **frame(request, active="actions"),
        "table": ActionsTable(part.done, tenant=request.tenant),
        "chosen": [(name, value, _address(chosen, without=name)) for name, value in chosen.items()],
        "first": asked.before is None,
        "newest": _address(chosen),
        "older": _address({**chosen, "before": str(part.older)}) if part.older is not None else "",
    }
    return render(request, "actions/actions.html", context)


def _address(chosen: dict[str, str], *, without: str = "") -> str:
    return "?" + urlencode({name: value for name, value in chosen.items() if name != without})
