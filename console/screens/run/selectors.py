"""What the run page reads: the run through its tenant, its answer, a conversation, what waits for a person."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet, Subquery, TextField
from django.db.models.functions import Cast
from django.utils import timezone
from pydantic import JsonValue

from agents.contracts.base import JsonObject
from agents.models import Approval, Effect, EventRow, Run, StepRow
from agents.run_input import spec_of
from budgets.models import Account, Tenant
from console.live.models import LiveEpoch
from console.live.window import Head
from console.screens.run.sources import Part, Source, cited, numbers_in, parts_of, sources_of
from console.screens.run.spending import Pace, pace
from console.screens.runs.tiers import tier_name

REHEARSAL = "rehearsal:"
MOST_SAID = 40
"""Messages of a conversation that are shown with a step; what was said long before is in the steps before it."""
MOST_CITED = 200


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

    @property
    def kind(self) -> str:
        """Whose message it is, in a word."""
        return self.role.partition(" ")[0].lower()


@dataclass(frozen=True, slots=True)
class Conversation:
    """The end of what was said, and how much was said before that."""

    said: list[Said]
    left_out: int


@dataclass(frozen=True, slots=True)
class OpenedRun:
    """A run with all that its page has to know before it reads on, in one query.

    ``account_id`` is the account that its cap is set on. The flags say what else there is to read.
    """

    run: Run
    head: Head
    tier: str
    account_id: int | None
    has_effects: bool
    has_unknown_effects: bool


def open_run(tenant: Tenant, run_id: str) -> OpenedRun | None:
    """The tenant's run of this id; None alike for one that is unknown and one of another tenant."""
    events = EventRow.objects.filter(run=OuterRef("pk"), seq=1)
    accounts = Account.objects.filter(tenant=OuterRef("tenant"), scope="run", subject=OuterRef("pk"))
    effects = Effect.objects.filter(run=OuterRef("pk"))
    runs = _runs(tenant).annotate(
        first_at=Subquery(events.values("at")),
        feed_epoch=Subquery(LiveEpoch.objects.filter(pk=1).values("token")),
        account_id=Subquery(accounts.values("pk")[:1]),
        has_effects=Exists(effects),
        has_unknown_effects=Exists(effects.filter(state="unknown")),
        tier=tier_name(),
    )
    run = runs.filter(pk=run_id).first()
    if run is None:
        return None
    return OpenedRun(
        run=run,
        head=Head(run.pk, run.next_seq - 1, run.first_at, run.feed_epoch or LiveEpoch.current()),
        tier=run.tier,
        account_id=run.account_id,
        has_effects=run.has_effects,
        has_unknown_effects=run.has_unknown_effects,
    )


def find_run(tenant: Tenant, run_id: str) -> Run | None:
    """The tenant's run of this id; None alike for one that is unknown and one of another tenant."""
    return _runs(tenant).filter(pk=run_id).first()


def _runs(tenant: Tenant) -> QuerySet[Run]:
    return Run.objects.filter(tenant=tenant).select_related("tenant", "surface", "version__agent", "parent")


def open_approvals(run: Run) -> QuerySet[Approval]:
    """The calls of this run that wait for a person."""
    return run.approvals.filter(decision="").order_by("requested_at")


def answer_of(run: Run) -> Answer | None:
    """The answer with the sources that the tools gave the LLM; None before there is one."""
    if not run.answer:
        return None
    parts = parts_of(run.answer, _sources_of(run, numbers_in(run.answer)))
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


def conversation_before(run: Run, turn: int) -> Conversation:
    """What the LLM had been told before its turn, as recorded; memory may have shortened the prompt."""
    began = [Said("system", spec_of(run).system_prompt), Said("task", run.task)]
    rows = list(StepRow.objects.filter(run=run, turn__lt=turn).order_by("-number")[:MOST_SAID])[::-1]
    left_out = rows[0].number - 1 if rows else 0
    return Conversation(began + [_said(row.kind, row.output) for row in rows], left_out)


def _sources_of(run: Run, numbers: set[int]) -> dict[int, Source]:
    """The sources of these numbers, read only as far as it takes to find them."""
    found: dict[int, Source] = {}
    if not numbers:
        return found
    named = "|".join(str(number) for number in sorted(numbers)[:MOST_CITED])
    steps = StepRow.objects.filter(run=run, kind="tool").annotate(stored=Cast("output", TextField()))
    likely = steps.filter(stored__regex=rf'"cite": ?({named})[,}}]').order_by("number")
    for output in likely.values_list("output", flat=True).iterator(chunk_size=100):
        found = {**sources_of(_contents([output])), **found}
        if numbers <= found.keys():
            break
    return {number: source for number, source in found.items() if number in numbers}


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
