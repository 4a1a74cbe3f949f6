"""Launches runs, decides, kills, pauses, tops up and says what became of effects, as people at the console would."""

import random
import threading
from collections.abc import Callable

from django.db import DatabaseError, InterfaceError, connection
from psycopg_pool import PoolTimeout

from agents import effects, funding, lifecycle
from agents.admission import LaunchRefused
from agents.approvals.deciding import decide
from agents.contracts.endings import TERMINAL
from agents.kills import kill
from agents.models import Agent, Approval, Effect, Run
from budgets.ledger import LedgerError
from budgets.models import Account, Surface
from tests.soak.agent import NAME, SENDS
from tests.soak.far_end import FarEnd, Intent
from tests.soak.tally import Tally

EVERY_SECONDS = 0.5
MOST_LIVE = 24
PACES = ("", "+slow=1", "+slow=3")
TOP_UP_NANOS = 20_000_000
WHO = "soak"
BUNDLED = (
    ("support-triage", "Where is order {}? It is late.", "enterprise"),
    ("support-triage", "Refund order {}, it arrived broken, and email the customer.", "internal-batch"),
    ("search", "How do we roll back a release? Question {}.", "free-chat"),
    ("content-generation", "Write a product text of 80 words for the Enamel Kettle, version {}.", "internal-batch"),
)


class Operator:
    """One thread with dice of its own; what the database or a rule refuses is counted and left."""

    def __init__(self, *, seed: int, far_end: FarEnd, tally: Tally) -> None:
        self._dice = random.Random(seed)
        self._far_end = far_end
        self._tally = tally
        self._launched = 0

    def work(self, until: threading.Event) -> None:
        """A steady trickle, until told to stop."""
        while not until.wait(EVERY_SECONDS) and not self._tally.over.is_set():
            self.tried("launch", self._launch)
            self.tried("look after runs", self._meddle)
            self.tried("answer", lambda: self.answer(patience=0.5))
        connection.close()

    def tried(self, name: str, act: Callable[[], None]) -> None:
        """Do it, or count why not."""
        try:
            act()
        except (DatabaseError, InterfaceError, PoolTimeout):
            self._tally.act(f"{name}: database away")
            connection.close()

    def answer(self, *, patience: float) -> None:
        """Give waiting runs the word that they wait for, or let them wait: `patience` is how often, 0 for never."""
        for approval in Approval.objects.filter(decision="", run__state="waiting_approval"):
            if self._dice.random() >= patience:
                self._done("decide", decide(approval=approval, actor=WHO, approve=self._dice.random() < 0.8))
        for effect in Effect.objects.unknown():
            if self._dice.random() >= patience:
                came = Intent(effect.run_id, effect.call_id) in self._far_end.arrivals()
                outcome: effects.Word = "happened" if came else "given_up"
                self._done("resolve", effects.resolve(effect=effect, outcome=outcome, actor=WHO, reason="looked it up"))
        for run in Run.objects.filter(state__in=("paused", "paused_budget")):
            if self._dice.random() >= patience:
                self._go_on(run)

    def _go_on(self, run: Run) -> None:
        if run.state == "paused":
            self._done("resume", lifecycle.resume(run=run, actor=WHO))
            return
        if account := Account.objects.filter(pk=run.capped_account_id or 0).first():
            try:
                funding.top_up(account=account, amount_nanos=TOP_UP_NANOS, reason="it may go on", actor=WHO)
            except LedgerError:
                return
            self._done("top up", True)

    def _launch(self) -> None:
        if Run.objects.exclude(state__in=TERMINAL).count() >= MOST_LIVE or self._dice.random() < 0.3:
            return
        self._launched += 1
        name, task, slug = self._wanted()
        llm = f"rehearsal:{name}{self._dice.choice(PACES)}"
        surface = Surface.objects.get(tenant__slug="acme", slug=slug)
        agent = Agent.objects.get(name=name)
        user = f"user-{self._dice.randrange(4)}"
        try:
            lifecycle.launch(
                tenant=surface.tenant, surface=surface, agent=agent, task=task, actor=WHO, user=user, llm=llm
            )
        except LaunchRefused as refusal:
            self._tally.act(f"launch refused: {refusal.field}")
            return
        self._done("launch", True)

    def _wanted(self) -> tuple[str, str, str]:
        if self._dice.random() < 0.6:
            sends = " ".join(self._dice.choices(SENDS, weights=(3, 3, 1), k=self._dice.randint(1, 4)))
            return NAME, f"Soak {self._launched}: {sends}", self._dice.choice(("internal-batch", "enterprise"))
        name, task, slug = self._dice.choice(BUNDLED)
        return name, task.format(1001 + self._launched % 40), slug

    def _meddle(self) -> None:
        live = list(Run.objects.exclude(state__in=TERMINAL).order_by("pk"))
        if not live or self._dice.random() > 0.15:
            return
        run = self._dice.choice(live)
        if self._dice.random() < 0.4:
            self._done("kill", kill(run=run, actor=WHO, reason="the soak says so"))
        else:
            self._done("pause", lifecycle.pause(run=run, actor=WHO))

    def _done(self, name: str, happened: bool) -> None:
        self._tally.act(name if happened else f"{name}: too late")
