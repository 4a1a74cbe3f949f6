"""What the pages about going back read: the recorded step behind a row of the trace, and a run's relatives."""

from dataclasses import dataclass

from django.db.models import QuerySet
from django.http import Http404

from agents.contracts.llms import priced_name
from agents.contracts.messages import ToolCall
from agents.contracts.steps import LLMStep, Step, VerdictStep
from agents.llms.catalogue import label_of, offers
from agents.models import Run, StepRow
from agents.models.agent import AgentVersion
from agents.secrets.vault import vault
from budgets.tiers import Limits
from console.live.span import Span
from console.screens.launch.selectors import BudgetLeft, budgets_left, limits_or_none
from console.screens.run.steps import StepDetail

MOST_CHILDREN = 20
KINDS = {"llm": "llm", "tool": "tool", "critic": "verdict", "memory": "memory", "note": "note"}


@dataclass(frozen=True, slots=True)
class Family:
    """The runs that were made from this one, newest first, and whether there are more than are listed."""

    children: list[Run]
    more: bool


@dataclass(frozen=True, slots=True)
class StartingPoint:
    """A recorded step to go back to, whether its result can be kept, and the calls it asks for."""

    number: int
    kind: str
    may_keep: bool
    calls: tuple[ToolCall, ...] = ()


def family_of(run: Run) -> Family:
    """What became of a run after it."""
    found = list(run.children.order_by("-id")[: MOST_CHILDREN + 1])
    return Family(found[:MOST_CHILDREN], len(found) > MOST_CHILDREN)


def recorded_number(run: Run, detail: StepDetail | None) -> int | None:
    """The number of the recorded step that a row of the trace tells of; None while there is none."""
    if detail is None or detail.span.kind not in KINDS:
        return None
    return _recorded(run, detail.span, detail.turn).values_list("number", flat=True).last()


def _recorded(run: Run, span: Span, turn: int) -> QuerySet[StepRow]:
    steps = StepRow.objects.filter(run=run, turn=turn, kind=KINDS[span.kind]).order_by("number")
    return steps.filter(output__result__call_id=span.call_id) if span.kind == "tool" else steps


def starting_point(run: Run, number: int) -> StartingPoint:
    """The step of that number. Raises Http404 for one that the run has not, CheckpointError for an unreadable one."""
    row = StepRow.objects.filter(run=run, number=number).first()
    if row is None:
        raise Http404
    step = row.to_step()
    calls = step.output.message.calls if isinstance(step.output, LLMStep) else ()
    return StartingPoint(number, row.kind, _may_keep(step), tuple(call for call in calls if call.arguments is not None))


def _may_keep(step: Step) -> bool:
    """After an answer, and after the critic's yes, nothing is left to do."""
    match step.output:
        case LLMStep() as answer:
            return bool(answer.message.calls)
        case VerdictStep() as judged:
            return not judged.verdict.accepted
        case _:
            return True


def may_go_before(point: StartingPoint) -> bool:
    """Whether something else may come of the step when it is done again: critic and runtime repeat themselves."""
    return point.kind in ("llm", "tool")


def llm_choices(run: Run) -> list[tuple[str, str]]:
    """The run's own LLM, and whatever else its tier allows today."""
    limits = limits_or_none(run.surface, run.user) or Limits()
    allowed = [
        each for each in offers(vault.environ()) if limits.allows_llm(priced_name(each.llm)) and each.llm != run.llm
    ]
    return [(run.llm, f"{label_of(run.llm)}, as before"), *((each.llm, each.label) for each in allowed)]


def left_for(run: Run) -> list[BudgetLeft]:
    """The budgets that a new run beside this one would count against."""
    limits = limits_or_none(run.surface, run.user)
    if limits is None:
        return []
    return budgets_left(surface=run.surface, limits=limits, user=run.user, session=run.session)


def versions_of(run: Run) -> list[AgentVersion]:
    """The versions of the run's agent, newest first."""
    return list(AgentVersion.objects.filter(agent_id=run.version.agent_id).order_by("-number")[:50])
