"""What stands around a run, loaded by its page once that stands: other runs alike, and who did what on it."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode

from agents.models import Run
from console.access.requests import TenantRequest, in_tenant
from console.screens.actions.selectors import Asked, actions_of
from console.screens.actions.tables import RunActionsTable
from console.screens.replay.selectors import Family, family_of
from console.screens.run.affected import affected_by
from console.screens.run.usual import usual_of
from console.screens.run.verbs import run_of


@in_tenant("view")
def show_affected(request: TenantRequest, run_id: str) -> HttpResponse:
    """How many other runs are affected, and what the run cost against what is usual."""
    run = run_of(request, run_id)
    context = {"tenant": request.tenant, "run": run, "others": affected_by(run), "usual": usual_of(run)}
    return render(request, "run/_affected.html", context)


@in_tenant("view")
def show_record(request: TenantRequest, run_id: str) -> HttpResponse:
    """Its files, its relatives with how it compares to them, and every act of a person on it."""
    run = run_of(request, run_id)
    family = family_of(run)
    acts = actions_of(request.tenant, Asked(run=run.pk))
    context = {
        "tenant": request.tenant,
        "run": run,
        "family": family,
        "compare": _compare(run, family),
        "attachments": run.attachments.select_related("blob").defer("blob__content"),
        "acts": acts,
        "record_of_acts": RunActionsTable(acts.done),
    }
    return render(request, "run/_record.html", context)


def _compare(run: Run, family: Family) -> list[tuple[str, str]]:
    """The pages that set it beside the run it was made from, and beside those made from it; words and address."""
    page = reverse("runs:list", args=[run.tenant.slug]) + "compare/?"
    pairs = [("the run it was made from", run.parent_id, run.pk)] if run.parent_id else []
    pairs += [(f"its {child.origin} {child.short}", run.pk, child.pk) for child in family.children[:3]]
    return [(words, page + urlencode({"a": first, "b": second})) for words, first, second in pairs]
