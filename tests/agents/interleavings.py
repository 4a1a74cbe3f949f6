"""One run on the real engine, recorder and verbs, while a seed decides what happens between any two of its commits."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

from pydantic import JsonValue

from agents import execution, lease, recovery
from agents.approvals.deciding import decide
from agents.contracts.base import JsonObject
from agents.contracts.calls import Call
from agents.contracts.endings import TERMINAL, Ending
from agents.contracts.events import Event
from agents.contracts.llms import LLMRequest, LLMResponse
from agents.contracts.messages import AssistantMessage
from agents.contracts.specs import Implementation
from agents.edge import KillSwitch
from agents.engine.batch import Batch, Receipt
from agents.engine.ports import Interrupted, Journal, LostLease, Ports
from agents.kills import force, kill, kill_all
from agents.lifecycle import pause, resume
from agents.models import Approval, EventRow, Run, Switch
from agents.runtime import Runtime
from agents.switches import lift, set_switch
from budgets import clock
from budgets.pricing import Usage
from tests.agents.conftest import Office
from tests.agents.engine.doubles import asks, call, says

MOST_STRETCHES = 12
LONG_AGO = timedelta(seconds=10)
INTENTS = frozenset({"hold.placed", "model.started", "tool.started"})
SCRIPTS = (
    [says("Tea.")],
    [asks(call("send", to="ann")), says("Sent.")],
    [asks(call("shout", to="ann"), call("send", "c2", to="bob")), says("Sent.")],
    [asks(call("pay", to="ann")), says("Paid.")],
    [asks(call("send", to="ann")), asks(call("shout", "c2", to="bob")), says("Both.")],
)


@dataclass
class Scene:
    """One run and its seed."""

    office: Office
    workers: tuple[Runtime, Runtime]
    seed: int
    luck: random.Random = field(init=False)
    run: Run = field(init=False)
    script: list[AssistantMessage] = field(init=False)
    acts: list[Callable[[], None]] = field(init=False)
    switches: list[KillSwitch] = field(default_factory=list)
    killed: int = 0

    def __post_init__(self) -> None:
        self.luck = random.Random(self.seed)
        self.run = self.office.run("queued", epoch=0)
        self.script = self.luck.choice(SCRIPTS)
        acts = [self.kill, self.kill, self.order, self.close, self.pause, self.hint, self.hint, self.die, self.force]
        self.acts = self.luck.sample(acts, self.luck.randint(1, 5))

    def play(self) -> None:
        """Until the run has ended. Raises AssertionError when it does not."""
        for _ in range(MOST_STRETCHES):
            self.run.refresh_from_db()
            if self.run.state in TERMINAL:
                return
            self.happen()
            self.go_on()
        raise AssertionError(f"still {self.run.state}")

    def go_on(self) -> None:
        """What the platform does with the run in its present state; also what people do who have waited enough."""
        self.run.refresh_from_db()
        if self.run.state == "queued" or self.luck.random() < 0.1:
            self.work()
        elif self.run.state == "paused":
            resume(run=self.run, actor="ann")
        elif self.run.state == "waiting_approval":
            for asked in Approval.objects.filter(run=self.run, decision=""):
                decide(approval=asked, actor="ann", approve=self.luck.random() < 0.7)
        elif self.run.state == "waiting_resolution":
            self.kill()
        elif self.run.state not in TERMINAL:
            self.die()

    def work(self) -> None:
        """A worker gets the message."""
        at = self.luck.choice(self.workers)
        run = lease.claim(run_id=self.run.id, owner=at.warden.owner)
        if run is None:
            return
        switch = KillSwitch()
        self.switches.append(switch)
        try:
            Stretch(at, run, switch, self).go()
        except LostLease:
            return

    def happen(self) -> None:
        """Between two things that the worker does: perhaps somebody else does something."""
        while self.acts and self.luck.random() < 0.25:
            self.acts.pop()()

    def kill(self) -> None:
        self.killed += kill(run=self.run, actor="ann", reason="enough")

    def order(self) -> None:
        one = Run.objects.filter(pk=self.run.pk)
        self.killed += kill_all(runs=one, scope="one", actor="ann", reason="enough", tenant=None).runs_count

    def close(self) -> None:
        switch = set_switch(reach="agent", name="tester", tenant=self.office.tenant, actor="ann", reason="enough")
        self.killed += switch.order.runs_count if switch.order else 0
        lift(switch=switch, actor="ann", reason="enough of it")

    def pause(self) -> None:
        pause(run=self.run, actor="ann")

    def hint(self) -> None:
        """The warden hears of a kill, or sees it in its poll."""
        self.run.refresh_from_db()
        if self.run.kill_requested_at is not None:
            for switch in self.switches:
                switch.throw()

    def die(self) -> None:
        """The worker has been silent for longer than its lease; the sweep, or another worker, finds the run."""
        Run.objects.filter(pk=self.run.pk, lease_expires_at__isnull=False).update(
            lease_expires_at=clock.now() - LONG_AGO
        )
        if self.luck.random() < 0.5:
            recovery.sweep()
        else:
            self.work()

    def force(self) -> None:
        """Somebody has waited long enough for a deaf worker."""
        Run.objects.filter(pk=self.run.pk, kill_requested_at__isnull=False).update(
            kill_requested_at=clock.now() - LONG_AGO
        )
        force(run=self.run, actor="ann", reason="it does not hear")

    def check(self) -> None:
        """Raises AssertionError where a kill did not do what it says."""
        told = list(EventRow.objects.filter(run=self.run).order_by("seq").values_list("seq", "kind"))
        kinds = [kind for _, kind in told]
        self.run.refresh_from_db()
        assert [seq for seq, _ in told] == list(range(1, self.run.next_seq)), kinds
        assert kinds.count("run.ended") == 1, kinds
        assert kinds[-1] == "run.ended", kinds
        assert kinds.count("kill.requested") == self.killed <= 1, kinds
        if not self.killed:
            assert self.run.state not in ("killed", "kill_requested"), kinds
            return
        later = kinds[kinds.index("kill.requested") :]
        assert self.run.state == "killed", kinds
        assert INTENTS.isdisjoint(later), kinds
        assert later.count("kill.acknowledged") <= 1, kinds
        assert not Switch.objects.on().exists()

    def check_that_it_stays(self) -> None:
        """Nobody brings a run back that has ended."""
        before = Run.objects.filter(pk=self.run.pk).values().get()
        assert not kill(run=self.run, actor="bob", reason="late")
        assert not resume(run=self.run, actor="bob")
        assert lease.claim(run_id=self.run.id, owner="late") is None
        assert Run.objects.filter(pk=self.run.pk).values().get() == before


class Stretch(execution.Execution):
    """A worker's stretch, between whose steps things happen."""

    def __init__(self, at: Runtime, run: Run, switch: KillSwitch, scene: Scene) -> None:
        super().__init__(at, run, switch)
        self.scene = scene

    def _ports(self) -> Ports:
        ports = super()._ports()
        far = FarEnd(self.scene, self.switch)
        return replace(ports, journal=Journaled(ports.journal, self.scene), llms=far, tools=far)


@dataclass
class Journaled:
    """The journal; what comes between two commits comes before or after one."""

    journal: Journal
    scene: Scene

    def commit(self, batch: Batch) -> Receipt:
        self.scene.happen()
        receipt = self.journal.commit(batch)
        self.scene.happen()
        return receipt

    def end(self, ending: Ending, events: list[Event]) -> None:
        self.scene.happen()
        self.journal.end(ending, events)


@dataclass
class FarEnd:
    """LLM and tools: a call that was cut before it left, or in flight, is interrupted as the edge would."""

    scene: Scene
    switch: KillSwitch

    def call(self, request: LLMRequest, on_text: Callable[[str], None]) -> LLMResponse:
        del on_text
        self._fly()
        number = sum(isinstance(message, AssistantMessage) for message in request.messages)
        answer = self.scene.script[min(number, len(self.scene.script) - 1)]
        return LLMResponse(message=answer, finish="stop", usage=Usage(100, 20), served_llm=request.llm)

    def invoke(self, implementation: Implementation, arguments: JsonObject, call: Call) -> JsonValue:
        del implementation, call
        self._fly()
        return {"sent_to": arguments["to"]}

    def _fly(self) -> None:
        self.scene.happen()
        if self.switch.thrown.is_set():
            raise Interrupted(may_be_billed=False)
        self.scene.happen()
        if self.switch.thrown.is_set():
            raise Interrupted
