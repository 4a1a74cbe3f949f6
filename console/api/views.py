"""The API's three verbs: launch, read, kill."""

from django.db.models import QuerySet
from django.http import HttpResponse

from agents.admission import LaunchRefused
from agents.contracts.base import JsonObject
from agents.dry_run import Wanted, dry_run
from agents.kills import kill
from agents.models import Run
from console.access.bearer import TokenRequest, by_token
from console.api.answers import answer, fault
from console.api.bodies import KillBody, LaunchBody, Unreadable, accepted, read_body
from console.api.launching import launched, place_of, rows_of, status_of, uploads_of
from console.api.shown import links_of, run_as_json


@by_token("launch", "POST")
def launch_run(request: TokenRequest) -> HttpResponse:
    """201 with the new run; 200 with the one that this key has launched before, or with what a dry run found."""
    try:
        body = read_body(request, LaunchBody)
        if body.dry_run:
            return _rehearsed(request, body)
        run, is_new = launched(request, body)
    except Unreadable as error:
        return _unreadable(error)
    except LaunchRefused as refusal:
        return _refused(refusal, body)
    run = _runs(request).get(pk=run.pk)
    where = {"Location": links_of(request, run)["self"]}
    return answer(201 if is_new else 200, run_as_json(request, run), headers=where)


@by_token("view", "GET")
def read_run(request: TokenRequest, run_id: str) -> HttpResponse:
    """The run as it stands."""
    run = _runs(request).filter(pk=run_id).first()
    return answer(200, run_as_json(request, run)) if run else _no_run()


@by_token("kill", "POST")
def kill_run(request: TokenRequest, run_id: str) -> HttpResponse:
    """202 when its stop is written: no step starts after that, and the state says when its worker has let go."""
    run = _runs(request).filter(pk=run_id).first()
    if run is None:
        return _no_run()
    try:
        body = read_body(request, KillBody)
    except Unreadable as error:
        return _unreadable(error)
    if not kill(run=run, actor=request.user.get_username(), reason=body.reason):
        return fault(409, "ended", "This run had ended or been killed before.")
    return answer(202, run_as_json(request, _runs(request).get(pk=run.pk)))


def _rehearsed(request: TokenRequest, body: LaunchBody) -> HttpResponse:
    """Raises Unreadable for what could not even be tried."""
    rows = rows_of(request, body)
    uploads_of(body, rows.version)
    wanted = Wanted(
        tenant=request.tenant,
        surface=rows.surface,
        version=rows.version,
        task=body.words,
        user=body.user,
        session=body.session,
        llm=body.llm,
        own=body.own,
    )
    found = dry_run(wanted)
    checks = [{"check": each.what, "passed": each.refusal is None, "said": each.said} for each in found]
    return answer(200, {"dry_run": True, "would_start": all(each["passed"] for each in checks), "checks": checks})


def _refused(refusal: LaunchRefused, body: LaunchBody) -> HttpResponse:
    """In the words of the launch page."""
    status, code = status_of(refusal)
    place = place_of(refusal, body)
    fields: list[JsonObject] = [{**each, "path": f"{place}.{each['path']}".rstrip(".")} for each in refusal.faults]
    if not fields and place in LaunchBody.model_fields:
        fields = [{"path": place, "problem": str(refusal), "accepted": accepted(LaunchBody, (place,))}]
    again = {"Retry-After": str(refusal.again_seconds)} if refusal.again_seconds else None
    return fault(status, code, str(refusal), fields=fields, headers=again)


def _unreadable(error: Unreadable) -> HttpResponse:
    codes = {413: "too_large", 415: "not_json"}
    return fault(error.status, codes.get(error.status, "invalid"), str(error), fields=error.fields)


def _no_run() -> HttpResponse:
    return fault(404, "not_found", "There is no run of this id in this tenant.")


def _runs(request: TokenRequest) -> QuerySet[Run]:
    return Run.objects.of_tenant(request.tenant).select_related("tenant", "surface", "version")
