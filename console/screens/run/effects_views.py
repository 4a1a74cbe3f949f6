"""A person's word on an effect of a run."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from agents.effects import resolve
from agents.journal.gate import NotStorable
from agents.models import Effect
from console.access.policy import require
from console.access.requests import TenantRequest, in_tenant
from console.screens.run.effects_form import ResolveForm
from console.screens.run.verbs import run_of
from console.screens.run.views import opened_run, page_of


@in_tenant("resolve_effect", "POST")
def resolve_effect(request: TenantRequest, run_id: str, effect_id: int) -> HttpResponse:
    """Take the word and let the run go on; whoever comes second sees on the page that another was faster."""
    run = run_of(request, run_id)
    effect = get_object_or_404(Effect.objects.select_related("run__tenant"), pk=effect_id, run=run)
    if request.POST.get("outcome") == "again":
        require(request.user, request.tenant.slug, "send_again")
    form = ResolveForm(request.POST, effect=effect, may_send_again="send_again" in request.verbs)
    status = 422
    if form.is_valid():
        if _said(request, effect, form):
            return redirect("runs:detail", tenant=run.tenant.slug, run_id=run.pk)
        status = 409
    return render(
        request, "run/run.html", page_of(request, opened_run(request, run_id), sent={effect.pk: form}), status=status
    )


def _said(request: TenantRequest, effect: Effect, form: ResolveForm) -> bool:
    actor, reason = request.user.get_username(), form.cleaned_data["reason"]
    try:
        return resolve(effect=effect, outcome=form.word, actor=actor, reason=reason, result=form.given)
    except NotStorable as error:
        form.add_error("result", f"This cannot be kept: {error}.")
        return False
