"""Fork, retry and offline replay of one run; each in a dialog, or as a page of its own."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from agents.admission import LaunchRefused
from agents.contracts.upcast import CheckpointError
from agents.forks import ForkRefused, fork, good_step, retry
from agents.models import Run
from agents.models.agent import AgentVersion
from agents.replay.of_run import replay_run
from agents.replay.offline import Report
from agents.replay.plan import plan
from agents.run_input import spec_of
from console.access.requests import TenantRequest, in_tenant
from console.screens.frame import frame
from console.screens.launch.selectors import limits_or_none
from console.screens.replay.forms import ForkForm, GoBackForm
from console.screens.replay.selectors import (
    StartingPoint,
    left_for,
    llm_choices,
    may_go_before,
    starting_point,
    versions_of,
)
from console.screens.replay.tables import PlanTable
from console.screens.run.selectors import find_run

MOST_STEPS = 2_000
"""A longer run takes too long for a page; the terminal replays it."""
READS = ("GET", "HEAD")


@in_tenant("launch", *READS, "POST")
def fork_run(request: TenantRequest, run_id: str, step: int) -> HttpResponse:
    """Ask what shall be otherwise (GET), then make the fork (POST)."""
    run = _run(request, run_id)
    try:
        point = starting_point(run, step)
    except CheckpointError as error:
        return _show(request, run, "fork", {"problem": str(error)}, status=409)
    form = _fork_form(request, run, point)
    status = 200
    if request.method == "POST" and "only_plan" not in request.POST:
        if form.is_valid():
            child = _forked(request, run, form)
            if child is not None:
                return _to(request, child)
        status = 422
    planned = plan(run, form.chosen_step, rewritten=form.arguments)
    context = {"form": form, "point": point, "plan": PlanTable(planned)}
    return _show(request, run, "fork", context, status=status)


@in_tenant("launch", *READS, "POST")
def retry_run(request: TenantRequest, run_id: str) -> HttpResponse:
    """Ask from where (GET), then launch the same task once more (POST)."""
    run = _run(request, run_id)
    places = [(0, "from the start")]
    if kept := good_step(run):
        places.insert(0, (kept, f"after recorded step {kept}, the last good one"))
    form = GoBackForm(request.POST if request.method == "POST" else None, places=places)
    status = 200
    if request.method == "POST" and "only_plan" not in request.POST:
        if form.is_valid():
            child = _retried(request, run, form)
            if child is not None:
                return _to(request, child)
        status = 422
    return _show(request, run, "retry", {"form": form, "plan": PlanTable(plan(run, form.chosen_step))}, status=status)


@in_tenant("launch")
def replay_offline(request: TenantRequest, run_id: str) -> HttpResponse:
    """Choose a version, and with ``version`` in the address what came of the replay."""
    run = _run(request, run_id)
    versions = versions_of(run)
    context: dict[str, object] = {"versions": versions, "asked": request.GET.get("version", "")}
    if "version" in request.GET:
        context |= _replayed(run, versions, request.GET["version"])
    return _show(request, run, "replay", context)


def _fork_form(request: TenantRequest, run: Run, point: StartingPoint) -> ForkForm:
    return ForkForm(
        request.POST if request.method == "POST" else None,
        places=_places(point),
        llms=llm_choices(run),
        instructions=spec_of(run).system_prompt.replace("\r\n", "\n"),
        calls=point.calls,
        step=point.number,
    )


def _places(point: StartingPoint) -> list[tuple[int, str]]:
    """After the step, before it, or both, whichever leaves something to do."""
    again = {"llm": "before it: the LLM is asked again", "tool": "before it: the call is made again"}
    places = [(point.number, "after it: what it gave is kept")] if point.may_keep else []
    if may_go_before(point):
        places.append((point.number - 1, again[point.kind]))
    return places or [(point.number, "after it: what it gave is kept")]


def _forked(request: TenantRequest, run: Run, form: ForkForm) -> Run | None:
    try:
        return fork(
            run=run,
            step=form.cleaned_data["from_step"],
            actor=request.user.get_username(),
            reason=form.cleaned_data["reason"],
            llm="" if form.cleaned_data["llm"] == run.llm else form.cleaned_data["llm"],
            system_prompt=form.new_instructions,
            arguments=form.arguments,
        )
    except (ForkRefused, LaunchRefused) as error:
        form.refuse(error)
        return None


def _retried(request: TenantRequest, run: Run, form: GoBackForm) -> Run | None:
    try:
        return retry(
            run=run,
            actor=request.user.get_username(),
            reason=form.cleaned_data["reason"],
            from_step=form.cleaned_data["from_step"],
        )
    except (ForkRefused, LaunchRefused) as error:
        form.refuse(error)
        return None


def _replayed(run: Run, versions: list[AgentVersion], wanted: str) -> dict[str, object]:
    version = next((each for each in versions if str(each.number) == wanted), None)
    if version is None or run.steps_count > MOST_STEPS:
        problem = f"{run.agent_name} has no such version." if version is None else _TOO_LONG.format(run.short)
        return {"problem": problem}
    own = version.pk == run.version_id
    try:
        report: Report = replay_run(run, version=None if own else version)
    except CheckpointError as error:
        return {"problem": str(error)}
    return {"report": report, "version": version, "own": own}


_TOO_LONG = "The run is too long to be replayed on a page. In a terminal: manage.py replay {}"


def _run(request: TenantRequest, run_id: str) -> Run:
    run = find_run(request.tenant, run_id)
    if run is None:
        raise Http404
    return run


def _to(request: TenantRequest, run: Run) -> HttpResponse:
    address = reverse("runs:detail", args=[run.tenant.slug, run.pk])
    return HttpResponseClientRedirect(address) if request.htmx else redirect(address)


def _show(
    request: TenantRequest, run: Run, what: str, context: dict[str, object], *, status: int = 200
) -> HttpResponse:
    around = {**frame(request, active="runs"), "run": run, "part": f"replay/_{what}.html", "left": left_for(run)}
    around["limits"] = limits_or_none(run.surface, run.user)
    template = f"replay/_{what}.html" if request.htmx else "replay/page.html"
    return render(request, template, {**around, **context}, status=status)
