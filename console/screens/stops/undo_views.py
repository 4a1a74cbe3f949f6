"""Takes back what somebody has just done to a stop, as long as that leaves nothing killed behind."""

from datetime import timedelta

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.utils import timezone

from agents.models import Switch
from agents.switches import SwitchRefused, lift, reached_by, set_switch
from console.access.requests import TenantRequest, in_tenant
from console.screens.said import say
from console.screens.stops.dialog import to_page
from console.screens.stops.scopes import may_switch, words_of
from console.screens.stops.standing import find_switch

WITHIN = timedelta(minutes=1)
"""The note with the button stays for 8 seconds, and for as long as somebody points at it."""
TOO_LATE = "It is too late to undo this: nothing was changed."


@in_tenant("kill", "POST")
def undo_switch(request: TenantRequest, switch_id: int) -> HttpResponse:
    """Lift a stop that its setter has just set and that killed nothing; set one again that was just lifted."""
    switch = find_switch(request.tenant, switch_id)
    if switch is None:
        raise Http404
    if not may_switch(switch, request.verbs):
        raise PermissionDenied(f"Your role does not include lifting the stop of {words_of(switch)}.")
    actor = request.user.get_username()
    stood = switch.lifted_at is None
    if problem := (_lift if stood else _set_again)(switch, actor):
        say(request, problem, tone="bad")
    else:
        say(request, f"Undone: the stop of {words_of(switch)} {'is lifted' if stood else 'stands again'}.")
    return to_page(request, "stops:list")


def may_undo_setting(switch: Switch) -> bool:
    """Whether lifting it leaves everything as it was before it was set."""
    return switch.order is None or switch.order.runs_count == 0


def _lift(switch: Switch, actor: str) -> str:
    """Why it was not done; nothing when it was."""
    if switch.set_by != actor or timezone.now() - switch.set_at > WITHIN:
        return TOO_LATE
    if not may_undo_setting(switch):
        return "It has killed runs, which no undo brings back. Lift it with a reason."
    return "" if lift(switch=switch, actor=actor, reason="Undone right after it was set.") else TOO_LATE


def _set_again(switch: Switch, actor: str) -> str:
    """Why it was not done; nothing when it was. Runs that were launched meanwhile would be killed."""
    lifted_at = switch.lifted_at
    if lifted_at is None or switch.lifted_by != actor or timezone.now() - lifted_at > WITHIN:
        return TOO_LATE
    if launched := reached_by(switch).count():
        runs = "1 run was" if launched == 1 else f"{launched} runs were"
        return f"{runs} launched since it was lifted and would be killed. Stop it again with Stop… if they shall be."
    try:
        set_switch(
            reach=switch.known_reach,
            actor=actor,
            reason=switch.reason,
            tenant=switch.tenant,
            surface=switch.surface,
            name=switch.name,
        )
    except SwitchRefused as refused:
        return str(refused)
    return ""
