"""The incident bundle of a run, as one file that is made while it is sent."""

from typing import cast

from django.db import transaction
from django.http import HttpResponse, StreamingHttpResponse

from budgets.acting import acting_from
from budgets.actions import note
from console.access.requests import TenantRequest, in_tenant
from console.screens.run.bundle import Bundle
from console.screens.run.verbs import run_of
from console.streamed import streamed, zipped


@in_tenant("view", "GET")
def download_bundle(request: TenantRequest, run_id: str) -> HttpResponse:
    """Whoever may look at the run may take what is known of it; who did is written down."""
    run = run_of(request, run_id)
    bundle = Bundle(run)
    # Looking at a page is no act and has no place; this is one.
    with acting_from("page runs:bundle"), transaction.atomic():
        note(
            actor=request.user.get_username(),
            verb="run.bundle",
            target=f"run {run.short} of {run.agent_name}",
            tenant=request.tenant,
            run_id=run.pk,
        )
    response = StreamingHttpResponse(
        streamed(request, zipped(bundle.files(), at=run.created_at)), content_type="application/zip"
    )
    response["Content-Disposition"] = f'attachment; filename="{bundle.name}"'
    # The guard around it passes any answer on.
    return cast(HttpResponse, response)
