"""The verbs that the console, the commands and the API call on runs; each commits its row first, then rings."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models.functions import Now

from agents import bell
from agents.admission import LaunchRefused, admitted, check_budget, check_llm, check_words
from agents.contracts.base import JsonObject
from agents.contracts.endings import WAITING, RunState
from agents.contracts.events import Event, EventKind
from agents.contracts.ids import new_run_id
from agents.enqueue import enqueue, ring_again_at
from agents.journal.append import append
from agents.journal.gate import plain
from agents.journal.rows import LockedRun
from agents.models import Agent, Attachment, Blob, Run
from agents.models.agent import AgentVersion
from agents.own_limits import check_own_limits
from agents.secrets.redaction import redacted
from agents.task_input import check_input
from budgets import actions, clock
from budgets.models import Surface, Tenant
from budgets.own_limits import OwnLimits

NO_LIMITS_OF_ITS_OWN = OwnLimits()
PAUSABLE: tuple[RunState, ...] = ("queued", "running")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file to attach."""

    name: str
    media_type: str
    content: bytes


def launch(
    *,
    tenant: Tenant,
    surface: Surface,
    agent: Agent,
    task: str,
    actor: str,
    user: str = "",
    session: str = "",
    llm: str = "",
    attachments: Sequence[Upload] = (),
    version: AgentVersion | None = None,
    own: OwnLimits = NO_LIMITS_OF_ITS_OWN,
    run_id: str = "",
) -> Run:
    """Make a run and put it before the workers. Raises LaunchRefused; then nothing was made.

    Of an agent's versions the current one runs, unless another is given. ``own`` are limits below the tier's.
    With a ``run_id`` that has launched before, raises IntegrityError.
    """
    version = version or current_version(agent)
    user, session, chosen = redacted(user), redacted(session), redacted(llm.strip()) or version.to_spec().llms[0]
    check_words(task, user, session)
    check_input(version.to_spec(), task)
    check_llm(chosen, tenant)
    run = Run(
        id=run_id or new_run_id(),
        tenant=tenant,
        surface=surface,
        version=version,
        agent_name=agent.name,
        user=user,
        session=session,
        task=plain(task),
        llm=chosen,
        launched_by=actor,
    )
    return _put(run, own, attachments)


def pause(*, run: Run, actor: str, why: str = "") -> bool:
    """Ask a run to stop at its next step and keep its place. False when it is not queued or running."""
    with transaction.atomic():
        asked = Run.objects.filter(
            pk=run.id, state__in=PAUSABLE, pause_requested_at=None, kill_requested_at=None
        ).update(pause_requested_at=Now())
        if not asked:
            return False
        row = append(run.id, [_event("note.added", {"text": f"{actor} asked the run to pause."})])
        _note(run, actor, "run.pause", reason=why)
    _tell(row)
    return True


def resume(*, run: Run, actor: str, why: str = "") -> bool:
    """Let a waiting run go on from its last recorded step, or take back a pause. False when it does neither."""
    with transaction.atomic():
        pausing = Run.objects.filter(pk=run.id, state__in=PAUSABLE, pause_requested_at__isnull=False)
        if pausing.update(pause_requested_at=None):
            _note(run, actor, "run.pause_taken_back", reason=why)
            return True
    return wake(run=run, actor=actor, why=why, waiting_in=WAITING, verb="run.resume")


def wake(
    *, run: Run, actor: str, why: str, waiting_in: Collection[RunState], verb: str = "", by_person: bool = True
) -> bool:
    """Let a run that waits in one of these states go on from its last recorded step. False when it does not.

    With ``verb`` it is an act of its own; without, the consequence of another one. A person's word lets it be tried
    as often as a new one; the clock's does not.
    """
    with transaction.atomic():
        before = Run.objects.filter(pk=run.id).values_list("state", flat=True).first()
        changed = Run.objects.filter(pk=run.id, state__in=waiting_in, kill_requested_at=None).update(
            state="queued",
            pause_requested_at=None,
            reason="",
            due_at=ring_again_at(),
            capped_account_id=None,
            capped_limit_nanos=None,
            **({"attempts": 0} if by_person else {}),
        )
        if not changed:
            return False
        row = append(run.id, [_event("run.resumed", {"by": actor, "why": why})])
        if verb:
            _note(run, actor, verb, reason=why, before={"state": before}, after={"state": "queued"})
    _tell(row)
    enqueue(run.id)
    return True


def current_version(agent: Agent) -> AgentVersion:
    """The version that new runs of an agent get. Raises LaunchRefused when it has none."""
    if agent.current is None:
        raise LaunchRefused("agent", f"{agent.name} has no version that could run.")
    agent.current.agent = agent  # whoever asks the version for its agent need not read it again
    return agent.current


def _put(run: Run, own: OwnLimits, attachments: Sequence[Upload]) -> Run:
    """Before the workers, once it is committed. Raises LaunchRefused."""
    with transaction.atomic():
        _admit(run, own)
        _attach(run, attachments)
        row = append(run.id, [_event("run.launched", _launched(run))])
        after = {"agent": run.agent_name, "surface": run.surface.slug, "llm": run.llm}
        _note(run, run.launched_by, "run.launch", after=after)
    _tell(row)
    enqueue(run.id)
    return run


def _admit(run: Run, own: OwnLimits) -> None:
    """Make its row, within its tier's limits and its own. Raises LaunchRefused."""
    tier = admitted(tenant=run.tenant, surface=run.surface, user=run.user, llm=run.llm, version=run.version)
    check_own_limits(own, tier=tier, agent=run.version.to_spec().limits)
    limits = own.within(tier)
    run.limits, run.own_limits, run.cap_nanos = limits.as_json(), own.as_json(), limits.run_nanos
    run.due_at = ring_again_at()
    run.save(force_insert=True)
    check_budget(run, limits)


def _launched(run: Run) -> JsonObject:
    return {
        "agent": run.agent_name,
        "version": run.version.number,
        "llm": run.llm,
        "task_characters": len(run.task),
        "cap_nanos": run.cap_nanos,
        "by": run.launched_by,
    }


def _attach(run: Run, uploads: Sequence[Upload]) -> None:
    for upload in uploads:
        blob = Blob.keep(upload.content)
        Attachment.objects.create(run=run, name=plain(upload.name)[:255], media_type=upload.media_type, blob=blob)


def _event(kind: EventKind, data: JsonObject) -> Event:
    return Event(kind=kind, at=clock.now(), data=data)


def _note(
    run: Run,
    actor: str,
    verb: str,
    *,
    reason: str = "",
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
) -> None:
    """The row of an act on one run."""
    actions.note(
        actor=actor,
        verb=verb,
        target=f"run {run.short} of {run.agent_name}",
        tenant=run.tenant,
        run_id=run.id,
        reason=plain(reason),
        before=before,
        after=after,
    )


def _tell(row: LockedRun) -> None:
    bell.ring_head(row.id, row.tenant_id, row.next_seq - 1)
