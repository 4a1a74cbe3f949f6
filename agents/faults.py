"""Named fault points: lets a test make this process die, stop or fail right before or after a commit or a send.

``WATCHFLOOR_FAULT=after:effect_started:3:stop`` stops the process right after the third commit that starts an effect.
Nothing of it is in the code that it interrupts: a process that finds the variable at its start wraps the functions
named below; any other process runs them as they are. See docs/faults.md.
"""

import functools
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

VARIABLE, ONCE = "WATCHFLOOR_FAULT", "WATCHFLOOR_FAULT_ONCE"
OURS = ("agents", "budgets", "console")


class FaultRaised(RuntimeError):
    """The action ``raise`` of a fault point."""


def die() -> None:
    """As a power cut would have it: no handler runs, nothing is written any more."""
    os.kill(os.getpid(), signal.SIGKILL)


def stop() -> None:
    """Stand still until somebody sends SIGCONT, as in a long pause of the machine."""
    os.kill(os.getpid(), signal.SIGSTOP)


def fail() -> None:
    """Raise, as a fault of ours would."""
    raise FaultRaised("a fault point said so")


ACTIONS: Mapping[str, Callable[[], None]] = {"kill": die, "stop": stop, "raise": fail}

Entries = Sequence[Any]
"""What the recorder commits together; only looked at for what a commit carries."""


@dataclass(frozen=True, slots=True)
class Point:
    """Where a fault may strike: functions as ``module:name``, and which of the recorder's commits are meant."""

    functions: tuple[str, ...]
    carries: Callable[[Entries], bool] | None = None


def _any(name: str) -> Callable[[Entries], bool]:
    """Commits of which a batch brings something under that name."""
    return lambda entries: any(entry.batch and getattr(entry.batch, name) for entry in entries)


def _before_an_llm_call(entries: Entries) -> bool:
    holds = (entry.batch.hold for entry in entries if entry.batch)
    return any(hold and not hold.llm.startswith("tool:") for hold in holds)


def _ends(entries: Entries) -> bool:
    return any(entry.ending for entry in entries)


COMMIT = ("agents.recorder:write_group",)
POINTS: Mapping[str, Point] = {
    "launch": Point(("agents.lifecycle:launch",)),
    "message": Point(("agents.enqueue:enqueue",)),
    "claim": Point(("agents.lease:claim",)),
    "take_over": Point(("agents.journal.append:take_over",)),
    "commit": Point(COMMIT),
    "hold_placed": Point(COMMIT, _before_an_llm_call),
    "effect_started": Point(COMMIT, _any("effects_started")),
    "results": Point(COMMIT, _any("steps")),
    "money_settled": Point(COMMIT, _any("settlements")),
    "approval_asked": Point(COMMIT, _any("approvals")),
    "ending": Point(COMMIT, _ends),
    "llm_call": Point(("agents.run_ports.edges:EdgeLLMs.call",)),
    "tool_call": Point(("agents.run_ports.edges:EdgeTools.invoke",)),
    "approval_decided": Point(("agents.approvals.deciding:decide",)),
    "kill": Point(("agents.kills:kill", "agents.kills:kill_all")),
    "kill_rung": Point(("agents.bell:ring_kills",)),
    "head_rung": Point(("agents.bell:ring_head", "agents.bell:Ringer.ring")),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One order: where, on which side, at which time, what."""

    side: str
    point: str
    count: int
    action: str

    @classmethod
    def read(cls, text: str) -> "Fault":
        """``side:point[:count][:action]``. Raises ValueError: a fault that strikes nowhere would prove nothing."""
        side, _, rest = text.strip().partition(":")
        point, *more = rest.split(":")
        count = int(more.pop(0)) if more and more[0].isdigit() else 1
        action = more.pop(0) if more else "kill"
        if side not in ("before", "after") or point not in POINTS or action not in ACTIONS or more or count < 1:
            raise ValueError(
                f"{VARIABLE}: {text!r} is not before|after:{'|'.join(POINTS)}[:count][:{'|'.join(ACTIONS)}]"
            )
        return cls(side, point, count, action)


class Striker:
    """Counts how often a fault's place is passed, and strikes once."""

    def __init__(self, fault: Fault, once: str) -> None:
        self.fault = fault
        self._once = Path(f"{once}.{fault.side}.{fault.point}") if once else None
        self._passed = 0
        self._lock = threading.Lock()

    def passed(self, arguments: Sequence[Any]) -> None:
        """Strike when this is the time, and no process of this machine has before."""
        carries = POINTS[self.fault.point].carries
        if carries is not None and not carries(arguments[0]):
            return
        with self._lock:
            self._passed += 1
            due = self._passed == self.fault.count and self._first_on_this_machine()
        if due:
            print(f"fault: {self.fault}", file=sys.stderr, flush=True)
            ACTIONS[self.fault.action]()

    def _first_on_this_machine(self) -> bool:
        try:
            if self._once is not None:
                self._once.touch(exist_ok=False)
        except FileExistsError:
            return False
        return True


def arm(environ: Mapping[str, str]) -> None:
    """Wrap what the environment names; without the variable nothing is touched. Raises ValueError for what is amiss."""
    for text in filter(None, environ.get(VARIABLE, "").split(",")):
        fault = Fault.read(text)
        striker = Striker(fault, environ.get(ONCE, ""))
        for name in POINTS[fault.point].functions:
            _wrap(name, striker)


def find(name: str) -> tuple[ModuleType | type, str, Callable[..., Any]]:
    """Who owns a function ``module:name`` or ``module:Class.name``, under which name, and itself."""
    module, _, path = name.partition(":")
    owner: ModuleType | type = import_module(module)
    *classes, attribute = path.split(".")
    for each in classes:
        owner = getattr(owner, each)
    return owner, attribute, getattr(owner, attribute)


def _wrap(name: str, striker: Striker) -> None:
    owner, attribute, function = find(name)

    @functools.wraps(function)
    def wrapped(*arguments: Any, **named: Any) -> Any:
        if striker.fault.side == "before":
            striker.passed(arguments)
        answer = function(*arguments, **named)
        if striker.fault.side == "after":
            striker.passed(arguments)
        return answer

    setattr(owner, attribute, wrapped)
    for module in [each for key, each in sys.modules.items() if key.split(".")[0] in OURS]:
        for held in [key for key, value in vars(module).items() if value is function]:
            setattr(module, held, wrapped)
