"""The engine's Journal on the recorder and the ledger."""

from dataclasses import replace

from django.db import transaction

from agents.contracts.base import JsonObject
from agents.contracts.endings import Ending
from agents.contracts.events import Event
from agents.engine.batch import Batch, Receipt
from agents.journal.decide import Claim
from agents.models import Run
from agents.outage import hand_back_connection, patiently
from agents.recorder import Entry
from agents.run_ports.memory import RunMemory
from agents.runtime import Runtime
from budgets import clock
from budgets.ledger import AccountSet, known_accounts, open_accounts
from budgets.limits import NoTier, hold_tiers_still, limits_for
from budgets.own_limits import OwnLimits
from budgets.tiers import Limits


class RunJournal:
    """The engine's Journal: batches go to the recorder under this run's epoch, on accounts of the current day."""

    def __init__(self, at: Runtime, run: Run, limits: Limits, memory: RunMemory) -> None:
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
