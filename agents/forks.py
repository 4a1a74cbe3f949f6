"""Retry and fork: a new run that takes over the first steps of another one, and repeats none of their side effects."""

from collections.abc import Mapping

from django.db import transaction

from agents import bell
from agents.admission import admitted, check_budget, check_llm
from agents.checkpoints import recorded_steps
from agents.contracts.base import JsonObject
from agents.contracts.events import Event
from agents.contracts.upcast import CheckpointError
from agents.enqueue import enqueue, ring_again_at
from agents.journal.append import append
from agents.journal.copies import copy_attachments, copy_effects, copy_steps
from agents.journal.gate import plain
from agents.models import Run
from agents.replay.plan import plan
from agents.replay.standing import FROM_A_STEP, last_good_step
from agents.replay.taken_over import Changes, ForkRefused, TakenOver, take_over
from agents.run_input import input_of
from agents.secrets.edges import object_to_keep
from agents.secrets.redaction import redacted
from budgets import clock
from budgets.actions import note
from budgets.own_limits import OwnLimits

__all__ = ["ForkRefused", "fork", "good_step", "retry"]

MOST_PROMPT_CHARACTERS = 100_000


def retry(*, run: Run, actor: str, reason: str, from_step: int = 0) -> Run:
    """The same task once more: same input, version and LLM, under the limits of today.

    From the start, or for a run that ended without what was asked for, after one of its steps. Raises ForkRefused,
    or LaunchRefused as any launch; then nothing was made.
    """
    if not run.ended:
        raise ForkRefused("run", "The run has not ended; kill it first, or fork it.")
    if from_step and run.state not in FROM_A_STEP:
        raise ForkRefused("step", f"A run that ended as {run.get_state_display()} is retried from its start.")
    return _make(run, Changes(), step=from_step, origin="retry", actor=actor, reason=reason)


def fork(
    *,
    run: Run,
    step: int,
    actor: str,
    reason: str,
    llm: str = "",
    system_prompt: str | None = None,
    arguments: Mapping[str, JsonObject] | None = None,
) -> Run:
    """A new run that goes on after a step of this one, with what is given changed. 0 is the start.

    ``arguments`` replaces those of calls that the LLM asks for in this very step, by call id. Raises ForkRefused, or
    LaunchRefused as any launch; then nothing was made.
    """
    if system_prompt is not None and not 0 < len(system_prompt.strip()) <= MOST_PROMPT_CHARACTERS:
        raise ForkRefused("system_prompt", f"Write instructions of at most {MOST_PROMPT_CHARACTERS:,} characters.")
    edited = {call_id: object_to_keep(each) for call_id, each in (arguments or {}).items()}
    changes = Changes(redacted(llm.strip()), system_prompt, edited)
    return _make(run, changes, step=step, origin="fork", actor=actor, reason=reason)


def good_step(run: Run) -> int:
    """The last step after which a retry of this run may go another way than it did; 0 is the start."""
    if run.state not in FROM_A_STEP:
        return 0
    try:
        return last_good_step(input_of(run, started_at=clock.now()), recorded_steps(run))
    except CheckpointError:
        return 0


def _make(run: Run, changes: Changes, *, step: int, origin: str, actor: str, reason: str) -> Run:
    """Everything that can be refused is refused before the first row, or takes all rows back with it."""
    taken = take_over(run, step, changes)
    llm = changes.llm or run.llm
    check_llm(llm, run.tenant)
    with transaction.atomic():
        limits = admitted(tenant=run.tenant, surface=run.surface, user=run.user, llm=llm, version=run.version)
        limits = OwnLimits.stored(run.own_limits).within(limits)
        child = Run.objects.create(
            tenant=run.tenant,
            surface=run.surface,
            version=run.version,
            agent_name=run.agent_name,
            user=run.user,
            session=run.session,
            task=plain(run.task),
            llm=llm,
            limits=limits.as_json(),
            own_limits=run.own_limits,
            cap_nanos=limits.run_nanos,
            launched_by=actor,
            origin=origin,
            parent=run,
            parent_step=step,
            overrides=_overrides(run, changes),
            turn=taken.turn,
            steps_count=taken.steps,
            due_at=ring_again_at(),
        )
        check_budget(child, limits)
        _fill(run, child, taken)
        row = append(child.pk, _events(run, child, changes, reason))
        _note(run, child, changes, reason)
    bell.ring_head(row.id, row.tenant_id, row.next_seq - 1)
    enqueue(child.pk)
    return child


def _fill(run: Run, child: Run, taken: TakenOver) -> None:
    copy_attachments(run, child)
    copy_steps(run, child, up_to=taken.steps, rewritten=taken.rewritten)
    copy_effects(run, child, up_to=taken.steps, at=clock.now())


def _overrides(run: Run, changes: Changes) -> JsonObject:
    """What the run's version does not say: kept from run to run until another fork says otherwise."""
    if changes.system_prompt is None:
        return {name: value for name, value in run.overrides.items() if name == "system_prompt"}
    return {"system_prompt": plain(changes.system_prompt)}


def _said(run: Run, changes: Changes) -> JsonObject:
    """What is otherwise than in the parent, in short."""
    said: JsonObject = {}
    if changes.llm and changes.llm != run.llm:
        said["llm"] = changes.llm
    if changes.system_prompt is not None:
        said["system_prompt_characters"] = len(changes.system_prompt)
    if changes.arguments:
        said["arguments"] = {call_id: dict(arguments) for call_id, arguments in changes.arguments.items()}
    return said


def _events(run: Run, child: Run, changes: Changes, reason: str) -> list[Event]:
    at = clock.now()
    fates = [planned.fate for planned in plan(run, child.parent_step or 0, rewritten=changes.arguments)]
    launched: JsonObject = {
        "agent": child.agent_name,
        "version": child.version.number,
        "llm": child.llm,
        "task_characters": len(child.task),
        "cap_nanos": child.cap_nanos,
        "by": child.launched_by,
    }
    forked: JsonObject = {
        "origin": child.origin,
        "from": run.pk,
        "step": child.parent_step,
        "by": child.launched_by,
        "reason": reason,
        "changed": _said(run, changes),
        "effects": {fate: fates.count(fate) for fate in sorted(set(fates))},
    }
    return [Event(kind="run.launched", at=at, data=launched), Event(kind="run.forked", at=at, data=forked)]


def _note(run: Run, child: Run, changes: Changes, reason: str) -> None:
    note(
        actor=child.launched_by,
        verb=f"run.{child.origin}",
        target=f"run {run.pk}",
        tenant=run.tenant,
        run_id=run.pk,
        reason=plain(reason),
        after={"run": child.pk, "step": child.parent_step, "changed": sorted(_said(run, changes))},
    )
