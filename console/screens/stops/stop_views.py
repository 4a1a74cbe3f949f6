"""The Stop… dialog: choose what, see what it would hit, say why, and confirm; checked once more when it is sent."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from agents.kills import kill, kill_all
from agents.models import Run, Switch
from agents.switches import SwitchRefused, set_switch
from console.access.requests import TenantRequest, in_tenant
from console.screens.said import say
from console.screens.stops.asked import Asked, shown_on
from console.screens.stops.choices import choices
from console.screens.stops.dialog import dialog, to_page
from console.screens.stops.forms import StopForm, phrase_for
from console.screens.stops.hits import Hits, hits_of
from console.screens.stops.scopes import MOST_RUNS, Scope, scope_of, words_of
from console.screens.stops.standing import standing_twin


@dataclass(frozen=True, slots=True)
class Look:
    """What somebody wants to stop, what it hits at this moment, and the same stop where it stands already."""

    asked: Asked
    scope: Scope | None = None
    hits: Hits | None = None
    twin: Switch | None = None

    @property
    def phrase(self) -> str:
        """What has to be typed before it is done."""
        return phrase_for(self.scope.verb, self.hits.count) if self.scope and self.hits else ""


@in_tenant("kill", "GET", "HEAD", "POST")
def new_stop(request: TenantRequest) -> HttpResponse:
    """Ask (GET; htmx may ask for what stands below the choice alone), then stop (POST)."""
    if request.method == "POST":
        return _stop(request)
    look = _look(request, Asked.of(request.GET, page=_page(request)))
    form = _form(look)
    form.initial["reason"] = request.GET.get("reason", "")
    form.fields["reason"].widget.attrs["autofocus"] = bool(request.GET.get("fixed"))
    if (request.htmx.target or "").endswith("#stop-hits"):
        return render(request, "stops/_hits.html", _context(request, look, form))
    return dialog(request, "stop", _context(request, look, form))


def _stop(request: TenantRequest) -> HttpResponse:
    """Do what was confirmed; when something else would be hit by now, show that and do nothing."""
    look = _look(request, Asked.of(request.POST))
    seen = [each for each in request.POST.get("seen", "").split(",") if each]
    if look.scope is None or look.hits is None:
        return dialog(request, "stop", _context(request, look, _form(look)), status=422)
    form = StopForm(request.POST, phrase=phrase_for(look.scope.verb, len(seen)))
    if not form.is_valid():
        return dialog(request, "stop", _context(request, look, form), status=422)
    if problem := _changed(look.scope, look.hits, seen):
        return _show_again(request, look, form, problem)
    return _do(request, look, look.scope, form)


def _do(request: TenantRequest, look: Look, scope: Scope, form: StopForm) -> HttpResponse:
    actor, reason = request.user.get_username(), form.cleaned_data["reason"]
    run_ids = look.hits.ids if look.hits else []
    if scope.switch is not None:
        return _close(request, look, scope.switch, form)
    if scope.kind == "runs" and len(run_ids) == 1:
        kill(run=Run.objects.select_related("tenant").get(pk=run_ids[0]), actor=actor, reason=reason)
        # An empty answer closes the dialog; the live feed shows each state once it is so.
        return HttpResponse() if request.htmx else to_page(request, "runs:detail", run_ids[0])
    hit = Run.objects.filter(tenant=request.tenant, pk__in=run_ids)
    order = kill_all(runs=hit, scope=scope.words, actor=actor, reason=reason, tenant=request.tenant)
    return to_page(request, "stops:order", order.pk)


def _close(request: TenantRequest, look: Look, switch: Switch, form: StopForm) -> HttpResponse:
    """Set the stop; whoever was faster is shown."""
    try:
        made = set_switch(
            reach=switch.known_reach,
            actor=request.user.get_username(),
            reason=form.cleaned_data["reason"],
            tenant=switch.tenant,
            surface=switch.surface,
            name=switch.name,
        )
    except SwitchRefused as refused:
        return _show_again(request, look, form, str(refused))
    if made.order is not None and made.order.runs_count:
        return to_page(request, "stops:order", made.order.pk)
    undo = reverse("stops:undo", args=[request.tenant.slug, made.pk])
    say(request, f"Stopped: {words_of(made)}. Nothing had to be killed.", undo=undo)
    return to_page(request, "stops:list")


def _changed(scope: Scope, hits: Hits, seen: list[str]) -> str:
    """Why what was confirmed is not what would be done now; empty when it is.

    Fewer runs are no matter. A stop takes what comes meanwhile too, once somebody has confirmed that it hits several.
    """
    if scope.problem:
        return scope.problem
    if scope.switch is not None:
        return "" if hits.count <= 1 or len(seen) > 1 else f"{hits.count} runs are within it now."
    if not hits.count:
        return "Nothing was killed: none of them is live any more."
    fresh = len(set(hits.ids) - set(seen))
    if not fresh:
        return ""
    were = "1 run that was not there before matches" if fresh == 1 else f"{fresh} runs that were not there before match"
    return f"Nothing was killed: {were} now. Look again."


def _show_again(request: TenantRequest, look: Look, form: StopForm, problem: str) -> HttpResponse:
    """With what it hits now, the reason kept and the confirmation to be typed anew."""
    fresh = _form(look)
    fresh.initial["reason"] = form.cleaned_data["reason"]
    return dialog(request, "stop", {**_context(request, look, fresh), "problem": problem}, status=409)


def _look(request: TenantRequest, asked: Asked) -> Look:
    scope = scope_of(asked, tenant=request.tenant, verbs=request.verbs)
    if scope is None:
        return Look(asked)
    hits = hits_of(scope.runs, now=timezone.now(), most=MOST_RUNS)
    return Look(asked, scope, hits, standing_twin(scope.switch) if scope.switch else None)


def _form(look: Look) -> StopForm:
    ids = look.hits.ids if look.hits else []
    return StopForm(phrase=look.phrase, initial={"seen": ",".join(ids)})


def _context(request: TenantRequest, look: Look, form: StopForm) -> dict[str, object]:
    given = request.POST if request.method == "POST" else request.GET
    here = shown_on(_page(request))
    if not here.kind and look.asked.kind in ("runs", "filter"):
        here = look.asked
    return {
        "look": look,
        "form": form,
        "here": here,
        "fixed": bool(given.get("fixed")),
        "choices": choices(tenant=request.tenant, verbs=request.verbs, asked=look.asked, here=here),
        "may_reach_all": "set_wide_switch" in request.verbs,
    }


def _page(request: TenantRequest) -> str:
    """The address that the browser shows while htmx asks."""
    return (request.htmx.current_url or "") if request.htmx else ""
