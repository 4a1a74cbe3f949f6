"""What one worker process keeps running besides Celery: edge, recorder, bell, scribe, warden and tool children."""

import gc
import os
import socket
import threading
from dataclasses import dataclass
from functools import cache

from agents import event_log
from agents.bell import Ringer
from agents.edge import Edge, KillSwitch
from agents.llms.http_client import close_shared_client
from agents.recorder import Recorder
from agents.tools.children import Children
from agents.tools.health import SharedHealth
from agents.tools.mcp.call import close_sessions
from agents.warden import Warden
from agents.writing import Scribe


@dataclass(frozen=True, slots=True)
class Runtime:
    """The long-lived parts of a worker, started together."""

    edge: Edge
    recorder: Recorder
    ringer: Ringer
    scribe: Scribe
    warden: Warden
    health: SharedHealth
    children: Children

    def stop(self) -> None:
        """End all parts; runs that are held go to other workers when their leases run out."""
        self.warden.stop()
        self.edge.run(self.children.close(), KillSwitch())
        self.edge.run(close_sessions(), KillSwitch())
        self.edge.run(close_shared_client(), KillSwitch())
        self.recorder.stop()
        self.ringer.stop()
        self.scribe.stop()
        event_log.stop()
        self.edge.stop()


def start() -> Runtime:
    """Start every part."""
    event_log.start("watchfloor-worker")
    edge, ringer = Edge(), Ringer()
    edge.start()
    runtime = Runtime(
        edge=edge,
        recorder=Recorder(ringer.ring, event_log.tell),
        ringer=ringer,
        scribe=Scribe(),
        warden=Warden(owner=owner_name()),
        health=SharedHealth(),
        children=Children(),
    )
    runtime.ringer.start()
    runtime.scribe.start()
    runtime.warden.start()
    return runtime


def owner_name() -> str:
    """This process among all workers."""
    return f"{socket.gethostname()}:{os.getpid()}"[:128]


_starting = threading.Lock()


def current() -> Runtime:
    """This process's runtime, started by whoever needs it first."""
    with _starting:
        return _only()


@cache
def _only() -> Runtime:
    """Started, with all that was loaded by now left out of every later garbage collection.

    It lives as long as the process, and to walk through it stops every run of this worker for a tenth of a second.
    """
    runtime = start()
    gc.collect()
    gc.freeze()
    return runtime
