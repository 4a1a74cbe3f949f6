"""Wires the engine's ports to the database, the ledger, the LLMs and the tools, and works on one claimed run."""

import logging
import time

from django.db import InterfaceError, OperationalError, connection

from agents import lease, runtime
from agents.checkpoints import recorded_steps
from agents.contracts.base import JsonObject
from agents.contracts.endings import Ending
from agents.contracts.events import Event
from agents.contracts.upcast import NewerCheckpoint
from agents.edge import KillSwitch
from agents.engine import loop
from agents.engine.ports import LostLease, Ports
from agents.engine.state import RunState
from agents.enqueue import enqueue_again, make_due
from agents.journal.append import take_over
from agents.journal.tables import due_after
from agents.models import Run
from agents.outage import patiently
from agents.run_input import input_of
from agents.run_ports.edges import EdgeLLMs, EdgeTools, SystemClock
from agents.run_ports.journal import RunJournal
from agents.run_ports.memory import RunMemory
from agents.run_ports.prices import CurrentPrices
from agents.runtime import Runtime
from agents.secrets.redaction import known
from agents.writing import RunText
from budgets import clock
from budgets.tiers import Limits

logger = logging.getLogger(__name__)
NEWER_WORKER_WITHIN_SECONDS = 15


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
