"""What the run page reads: the run through its tenant, its trace, its answer, what waits for a person."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils import timezone
from pydantic import JsonValue

from agents.contracts.base import JsonObject
from agents.models import Approval, EventRow, Run, StepRow
from budgets.models import Tenant
from console.screens.run.sources import Part, Source, cited, parts_of, sources_of
from console.screens.run.spending import Pace, pace

REHEARSAL = "rehearsal:"


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer cut at its citations, and the sources that it names."""

    parts: list[Part]
    sources: list[Source]


@dataclass(frozen=True, slots=True)
class Said:
    """One message of the conversation that an LLM was given, in order."""

    role: str
    text: str
    value: JsonValue = None


def find_run(tenant: Tenant, run_id: str) -> Run | None:
    """The tenant's run of this id; None alike for one that is unknown and one of another tenant."""
    runs = Run.objects.filter(tenant=tenant).select_related("tenant", "surface", "version__agent")
    return runs.filter(pk=run_id).first()


def events_of(run: Run) -> list[EventRow]:
    """The whole trace, in order."""
    return list(EventRow.objects.filter(run=run).order_by("seq"))


def open_approvals(run: Run) -> QuerySet[Approval]:
    """The calls of this run that wait for a person."""
    return run.approvals.filter(decision="").order_by("requested_at")


def answer_of(run: Run) -> Answer | None:
    """The answer with the sources that the tools gave the LLM; None before there is one."""
    if not run.answer:
        return None
    outputs = StepRow.objects.filter(run=run, kind="tool").order_by("number").values_list("output", flat=True)
    parts = parts_of(run.answer, sources_of(_contents(outputs)))
    return Answer(parts, cited(parts))


def pace_of(run: Run) -> Pace | None:
    """How fast it spends; None while it does not work or there is nothing to go by."""
    if run.state != "running":
        return None
    return pace(
        cost_nanos=run.cost_nanos,
        cap_nanos=run.cap_nanos,
        started_at=run.started_at or run.created_at,
        now=timezone.now(),
    )


def no_ai(run: Run) -> bool:
    """Whether a rehearsal LLM, which is no AI, stands in for one."""
    return run.llm.startswith(REHEARSAL)


def conversation_before(run: Run, turn: int) -> list[Said]:
    """What the LLM had been told before its turn, as recorded; memory may have shortened the prompt."""
    spec = run.version.spec
    said = [Said("system", str(spec.get("system_prompt", ""))), Said("task", run.task)]
    rows = StepRow.objects.filter(run=run, turn__lt=turn).order_by("number")
    return said + [_said(row.kind, row.output) for row in rows]


def _contents(outputs: Iterable[JsonObject]) -> Iterable[JsonValue]:
    for output in outputs:
        result = output.get("result")
        if isinstance(result, dict):
            yield result.get("content")


def _said(kind: str, output: JsonObject) -> Said:
    if kind == "llm":
        message = output.get("message")
        found = message if isinstance(message, dict) else {}
        return Said("LLM", str(found.get("text") or ""), found.get("calls") or None)
    if kind == "tool":
        result = output.get("result")
        found = result if isinstance(result, dict) else {}
        return Said(f"tool {found.get('name', '')}", "", found.get("content"))
    if kind == "note":
        return Said("note", str(output.get("text") or ""))
    return Said(kind, "", output)
