"""Wires the engine's ports to the database, the ledger, the LLMs and the tools, and works on one claimed run."""

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from django.db import InterfaceError, OperationalError, connection, transaction
from pydantic import JsonValue

from agents import lease, runtime
from agents.approvals.expiry import expire
from agents.approvals.terms import StandingRules
from agents.checkpoints import recorded_steps
from agents.contracts.base import JsonObject
from agents.contracts.calls import Call, ToolRefusal
from agents.contracts.endings import Ending
from agents.contracts.events import Event
from agents.contracts.llms import LLMError, LLMRequest, LLMResponse, priced_name
from agents.contracts.specs import Implementation, ToolSpec
from agents.contracts.upcast import NewerCheckpoint
from agents.edge import KillSwitch
from agents.engine import loop
from agents.engine.batch import ApprovalTerms, Batch, Receipt
from agents.engine.ports import (
    Decision,
    ImplementationFailed,
    Interrupted,
    KnownEffect,
    LostLease,
    Ports,
    PriceUnknown,
)
from agents.engine.state import RunState
from agents.enqueue import enqueue_again, make_due
from agents.journal.append import take_over
from agents.journal.decide import Claim
from agents.journal.statements import due_after
from agents.llms import registry
from agents.models import Approval, Blob, Effect, Run
from agents.outage import hand_back_connection, patiently
from agents.recorder import Entry
from agents.run_input import input_of
from agents.runtime import Runtime
from agents.secrets.edges import answer_to_keep, output_to_keep, without_secrets
from agents.secrets.redaction import known
from agents.secrets.vault import vault
from agents.tools.invoke import invoke
from agents.tools.mcp.call import prepare
from agents.tools.mcp.failures import SchemaChanged
from agents.tools.mcp.rows import note_change
from agents.writing import RunText
from budgets import clock
from budgets.ledger import AccountSet, known_accounts, open_accounts
from budgets.limits import NoTier, hold_tiers_still, limits_for
from budgets.own_limits import OwnLimits
from budgets.prices import UnknownPrice, price_for, price_of_tool
from budgets.pricing import PriceSnapshot
from budgets.tiers import Limits
from budgets.unpriced import note_unpriced

registry.take_keys_from(vault.environ)
logger = logging.getLogger(__name__)
NEWER_WORKER_WITHIN_SECONDS = 15
MOST_KEYS = 2_000
"""Effects that are known without a look at the database; a run that has made more looks each time."""


def work_on(run_id: str) -> None:
    """Claim a run and work on it until it ends or waits; nothing to do when somebody else holds it."""
    at = runtime.current()
    if at.warden.leaving:
        make_due(run_id)
        return
    began = time.monotonic()
    run = lease.claim(run_id=run_id, owner=at.warden.owner)
    if run is None:
        return
    switch = at.warden.watch(run.id, run.epoch, since=began)
    ending = None
    try:
        ending = Execution(at, run, switch).go()
    except LostLease:
        logger.info("run %s is held by another worker now", run.id)
    finally:
        at.warden.release(run.id, run.epoch)
    if ending is not None and ending.state == "queued" and not due_after(ending):
        enqueue_again(run.id)


class Execution:
    """One stretch of work on one run."""

    def __init__(self, at: Runtime, run: Run, switch: KillSwitch) -> None:
        self.at = at
        self.run = run
        self.switch = switch
        self.limits = Limits(**run.limits)
        self.memory = RunMemory(run)
        self.text = RunText(at.scribe, run.id)
        self.journal = RunJournal(at, run, self.limits, self.memory)

    def go(self) -> Ending | None:
        """Run the engine. What it cannot handle becomes a recorded failure, not a lost run."""
        try:
            patiently(self._close_old_holds)
            state = patiently(self._state)
            return loop.run(state, self._ports(), epoch=self.run.epoch, cost_nanos=self.run.cost_nanos)
        except LostLease:
            raise
        except NewerCheckpoint as newer:
            return self._left_to_newer(newer)
        except (OperationalError, InterfaceError) as error:  # nothing can be recorded: the rows say where to go on
            logger.warning("run %s is left to the sweeper, the database is away: %s", self.run.id, error)
            return None
        except Exception as error:  # a fault of ours must leave the run in a definite state
            logger.exception("run %s failed", self.run.id)
            self._failed(error)
            return None
        finally:
            connection.close_if_unusable_or_obsolete()

    def _state(self) -> RunState:
        given = input_of(self.run, started_at=clock.now())  # time spent waiting for people does not count
        state = RunState(given)
        if not self.run.begins:
            state.replay(recorded_steps(self.run))
        return state

    def _close_old_holds(self) -> None:
        """A call that a dead worker had sent may have been billed: its hold is charged in full."""
        if self.run.epoch == 1:
            return
        self.run.cost_nanos = take_over(self.run.id, epoch=self.run.epoch)

    def _left_to_newer(self, newer: NewerCheckpoint) -> Ending:
        """Hand the run on, and leave it alone for a while: another worker may be of the release that wrote it."""
        ending = Ending(state="queued", reason=str(newer), detail={"due_in_seconds": NEWER_WORKER_WITHIN_SECONDS})
        data: JsonObject = {"reason": ending.reason, "worker": self.run.lease_owner}
        self.journal.end(ending, [Event(kind="run.handed_on", at=clock.now(), turn=self.run.turn, data=data)])
        return ending

    def _failed(self, error: Exception) -> None:
        text = known.matcher.cut(f"{type(error).__name__}: {error}"[:500])
        at = clock.now()
        ending = Ending(state="failed", reason=f"An error in the runtime: {text}")
        raised = Event(kind="error.raised", at=at, data={"where": "runtime", "error": text})
        data: JsonObject = {"state": "failed", "reason": ending.reason, "answer": "", "missing": []}
        self.journal.end(ending, [raised, Event(kind="run.ended", at=at, data=data)])

    def _ports(self) -> Ports:
        return Ports(
            journal=self.journal,
            llms=EdgeLLMs(self.at, self.switch, self.text),
            prices=CurrentPrices(self.run.tenant.slug),
            tools=EdgeTools(self.at, self.switch),
            health=self.at.health,
            memory=self.memory,
            clock=SystemClock(self.switch),
            on_text=self.text.hear,
            leaving=lambda: self.at.warden.leaving,
        )


class RunJournal:
    """The engine's Journal: batches go to the recorder under this run's epoch, on accounts of the current day."""

    def __init__(self, at: Runtime, run: Run, limits: Limits, memory: "RunMemory") -> None:
        self._at = at
        self._run = run
        self._limits = limits
        self._memory = memory
        self._claim = Claim(run.id, run.epoch, patiently(self._known_accounts) or patiently(self._open_accounts))
        self._unsaid = [self._claimed()]

    def commit(self, batch: Batch) -> Receipt:
        if batch.hold is not None and not self._claim.accounts.covers(clock.now()):
            self._claim = replace(self._claim, accounts=patiently(self._open_accounts))
        hand_back_connection()
        self._memory.note(batch)
        batch.facts[:0], self._unsaid = self._unsaid, []
        return self._at.recorder.submit(Entry(self._claim, batch=batch))

    def end(self, ending: Ending, events: list[Event]) -> None:
        events, self._unsaid = [*self._unsaid, *events], []
        self._at.recorder.submit(Entry(self._claim, ending=ending, events=events))

    def _claimed(self) -> Event:
        """What opens this stretch; it travels with the first commit, since alone it would cost one."""
        run = self._run
        data: JsonObject = {
            "epoch": run.epoch,
            "worker": run.lease_owner,
            "attempt": run.attempts,
            "tenant": run.tenant.slug,
            "surface": run.surface.slug,
            "agent": run.agent_name,
            "version": run.version.number,
            "session": run.session,
            "llm": run.llm,
        }
        return Event(kind="run.claimed", at=clock.now(), turn=run.turn, data=data)

    def _known_accounts(self) -> AccountSet | None:
        """Mostly its launch has made them all just now."""
        run = self._run
        return known_accounts(
            tenant=run.tenant,
            surface=run.surface,
            run_id=run.id,
            user=run.user,
            session=run.session,
            at=clock.now(),
        )

    def _open_accounts(self) -> AccountSet:
        """Under the tiers of this moment: those that the run began with may have been edited since."""
        run = self._run
        with transaction.atomic():
            run.tenant.timezone = hold_tiers_still(run.tenant_id)
            return open_accounts(
                tenant=run.tenant,
                surface=run.surface,
                limits=self._present_limits(),
                run_id=run.id,
                user=run.user,
                session=run.session,
                at=clock.now(),
            )

    def _present_limits(self) -> Limits:
        try:
            tier = limits_for(surface=self._run.surface, user=self._run.user)
            return OwnLimits.stored(self._run.own_limits).within(tier)
        except NoTier:  # taken away meanwhile: what was promised at the launch holds
            return self._limits


class EdgeLLMs:
    """The engine's LLMs: the call waits on the edge, where a kill cancels it and its socket closes."""

    def __init__(self, at: Runtime, switch: KillSwitch, text: RunText) -> None:
        self._at = at
        self._switch = switch
        self._text = text

    def call(self, request: LLMRequest, on_text: Callable[[str], None]) -> LLMResponse:
        said = 0

        def hear(text: str) -> None:
            nonlocal said
            said += len(text)
            on_text(text)

        self._text.begin(request.span_id)
        try:
            llm = registry.resolve(request.llm)
            let_go_of_the_database()
            response = self._at.edge.run(llm.call(request, hear), self._switch)
        except Interrupted as cut:
            raise Interrupted(said, may_be_billed=cut.may_be_billed) from cut
        except LLMError as error:
            without_secrets(error)
            raise
        finally:
            self._text.end()
        return answer_to_keep(response)


class EdgeTools:
    """The engine's Tools."""

    def __init__(self, at: Runtime, switch: KillSwitch) -> None:
        self._at = at
        self._switch = switch

    def invoke(self, implementation: Implementation, arguments: JsonObject, call: Call) -> JsonValue:
        prepare(implementation)
        secrets = vault.of_tenant(call.tenant)
        let_go_of_the_database()
        work = invoke(implementation, arguments, call, self._at.children, secrets)
        try:
            value = self._at.edge.run(work, self._switch)
        except (ToolRefusal, ImplementationFailed) as error:
            if isinstance(error, SchemaChanged):
                note_change(error)
            without_secrets(error)
            raise
        return output_to_keep(value)


class CurrentPrices:
    """The engine's Prices; what has none is noted for whoever sets prices."""

    def __init__(self, tenant_slug: str) -> None:
        self._tenant_slug = tenant_slug

    def price(self, llm: str) -> PriceSnapshot:
        try:
            return price_for(priced_name(llm), clock.now())
        except UnknownPrice as unknown:
            note_unpriced(unknown.llm, self._tenant_slug)
            raise PriceUnknown(str(unknown)) from unknown

    def tool_fee(self, name: str) -> PriceSnapshot | None:
        return price_of_tool(name, clock.now())


class RunMemory:
    """The engine's Memory: what this run and its tenant left in rows."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._rules = StandingRules(run.tenant_id)
        # What is asked in this stretch ends it: only an earlier one can have left an answer.
        self._asked = set(run.approvals.values_list("call_id", flat=True)) if run.epoch > 1 else frozenset()
        self._own_keys = set() if run.begins else set(run.effects.values_list("key", flat=True)[: MOST_KEYS + 1])

    def effect(self, key: str, *, dedupe_seconds: int) -> KnownEffect | None:
        if not dedupe_seconds and key not in self._own_keys and len(self._own_keys) <= MOST_KEYS:
            return None
        scope = f"tenant:{self._run.tenant_id}" if dedupe_seconds else self._run.id
        row = Effect.objects.filter(scope=scope, key=key).first()
        if row is None or (row.run_id != self._run.id and row.expired(clock.now())):
            row = self._taken_over(key)
        if row is None:
            return None
        value = row.result.get("value") if isinstance(row.result, dict) else None
        return KnownEffect(row.known_state, value, row.call_id, row.run_id, row.word, row.sent_key)

    def _taken_over(self, key: str) -> Effect | None:
        """What the steps of its parent did stays done for a fork, however long ago it was."""
        return Effect.objects.filter(scope=self._run.id, key=key).first() if self._run.parent_id else None

    def note(self, batch: Batch) -> None:
        """Remember which effects this stretch has started, so that only a repeated one is looked up."""
        if len(self._own_keys) <= MOST_KEYS:
            self._own_keys.update(effect.key for effect in batch.effects_started)

    def decision(self, call_id: str) -> Decision | None:
        row = self._approval(call_id)
        if row is not None and not row.decision and row.expires_at <= clock.now():
            expire(row)
            row = self._approval(call_id)
        if row is None:
            return None
        made = row.edited_arguments
        return Decision(row.outcome, row.arguments_hash, row.decided_by, row.note, made, row.edited_hash)

    def _approval(self, call_id: str) -> Approval | None:
        return Approval.objects.filter(run=self._run, call_id=call_id).first() if call_id in self._asked else None

    def approval_terms(self, tool: ToolSpec, arguments: JsonObject) -> ApprovalTerms | None:
        return self._rules.terms(tool, arguments)

    def read_blob(self, handle: str) -> str | None:
        if not self._run.steps.filter(output__source=handle).exists():
            return None
        blob = Blob.objects.filter(pk=handle).first()
        return None if blob is None else bytes(blob.content).decode("utf-8", "replace")


class SystemClock:
    """The engine's Clock; a kill ends a wait."""

    def __init__(self, switch: KillSwitch) -> None:
        self._switch = switch

    def now(self) -> datetime:
        return clock.now()

    def wait(self, seconds: float) -> None:
        let_go_of_the_database()
        if self._switch.thrown.wait(seconds):
            raise Interrupted


def let_go_of_the_database() -> None:
    """Give this thread's connection back before a wait: hundreds of runs that wait need a few, not hundreds."""
    if connection.connection is not None and not connection.in_atomic_block:
        connection.close()
