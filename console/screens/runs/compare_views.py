"""The page that shows two runs side by side."""

from dataclasses import dataclass
from itertools import islice

from django.http import Http404, HttpResponse
from django.shortcuts import render

from agents.checkpoints import recorded_steps
from agents.contracts.steps import Step
from agents.contracts.upcast import CheckpointError
from agents.models import Run
from budgets.models import Tenant
from console.access.requests import TenantRequest, in_tenant
from console.live import figures
from console.live.status import run_status
from console.screens.elapsed import took_ms
from console.screens.frame import frame
from console.screens.runs.compare import aligned

MOST_STEPS = 400
TASK_CHARACTERS = 600


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing of both runs: its name, what it was in each, and how much the second has more ("" for words)."""

    name: str
    left: str
    right: str
    more: str = ""

    @property
    def differs(self) -> bool:
        return self.left != self.right


@in_tenant("view")
def compare(request: TenantRequest) -> HttpResponse:
    """``?a=`` and ``?b=``, or two runs that were chosen in the list."""
    chosen = request.GET.getlist("run")
    asked = [request.GET.get("a", ""), request.GET.get("b", "")] if "a" in request.GET else chosen
    if len(asked) != 2:
        raise Http404("Two runs are compared.")
    left, right = (_run(request.tenant, run_id) for run_id in asked)
    (first, first_more, first_problem), (second, second_more, second_problem) = _steps(left), _steps(right)
    lines = aligned(first, second)
    context = {
        **frame(request, active="runs"),
        "left": left,
        "right": right,
        "facts": _facts(left, right),
        "lines": lines,
        "parted": next((line for line in lines if line.first), None),
        "cut": MOST_STEPS if first_more or second_more else None,
        "problems": [problem for problem in (first_problem, second_problem) if problem],
    }
    return render(request, "runs/compare.html", context)


def _run(tenant: Tenant, run_id: str) -> Run:
    run = Run.objects.filter(tenant=tenant, pk=run_id).select_related("surface", "version__agent").first()
    if run is None:
        raise Http404
    return run


def _steps(run: Run) -> tuple[list[Step], bool, str]:
    """The first steps, whether there are more, and why some could not be read."""
    found: list[Step] = []
    try:
        for step in islice(recorded_steps(run), MOST_STEPS + 1):
            found.append(step)
    except CheckpointError as error:
        return found[:MOST_STEPS], False, f"{run.agent_name} {run.short}: {error}"
    return found[:MOST_STEPS], len(found) > MOST_STEPS, ""


def _facts(left: Run, right: Run) -> list[Fact]:
    words = [
        Fact("Status", run_status(left.state).word, run_status(right.state).word),
        Fact("Why", left.reason, right.reason),
        Fact("Agent", *(f"{run.agent_name} v{run.version.number}" for run in (left, right))),
        Fact("LLM", left.llm, right.llm),
        Fact("Surface", left.surface.slug, right.surface.slug),
        Fact("User", left.user, right.user),
        Fact("Task", *(run.task[:TASK_CHARACTERS] for run in (left, right))),
    ]
    took = [took_ms(run) for run in (left, right)]
    return [
        *(fact for fact in words if fact.left or fact.right),
        Fact("Cost", figures.usd(left.cost_nanos), figures.usd(right.cost_nanos), _more_usd(left, right)),
        Fact("Time", figures.duration(took[0]), figures.duration(took[1]), _more_time(*took)),
        _counted("Steps", left.steps_count, right.steps_count),
        _counted("Turns", left.turn, right.turn),
        _counted("Errors", left.errors_count, right.errors_count),
        _counted("Tokens in", left.input_tokens, right.input_tokens),
        _counted("Tokens out", left.output_tokens, right.output_tokens),
    ]


def _more_usd(left: Run, right: Run) -> str:
    return figures.usd_delta(right.cost_nanos - left.cost_nanos) if left.cost_nanos != right.cost_nanos else ""


def _more_time(left: int | None, right: int | None) -> str:
    if left is None or right is None or left == right:
        return ""
    return f"{'−' if right < left else '+'} {figures.duration(abs(right - left))}"


def _counted(name: str, left: int, right: int) -> Fact:
    more = f"{'−' if right < left else '+'} {figures.count(abs(right - left))}" if left != right else ""
    return Fact(name, figures.count(left), figures.count(right), more)
