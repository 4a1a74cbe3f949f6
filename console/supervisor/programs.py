"""The programs that make up one installation: what to start, and how each shows that it is ready."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from console.supervisor import readiness
from console.supervisor.addresses import LOOPBACK


@dataclass(frozen=True, kw_only=True)
class Program:
    """One child process: its command line, and the question that it answers once it works."""

    name: str
    command: tuple[str, ...]
    is_ready: Callable[[], bool]


def web(*, port: int) -> Program:
    """Daphne on loopback. It logs no requests, since a one-time sign-in link would end up in the log."""
    options = ("--bind", LOOPBACK, "--port", str(port), "--verbosity", "0", "--no-server-name")
    return Program(
        name="web",
        command=(sys.executable, "-m", "daphne", *options, "console.asgi:application"),
        is_ready=lambda: readiness.web_answers(port=port),
    )


def worker(*, threads: int, node: str, redis_url: str) -> Program:
    """The Celery worker that executes runs, one thread a run."""
    chatter = ("--without-gossip", "--without-mingle", "--without-heartbeat")
    options = (
        "--pool",
        "threads",
        "--concurrency",
        str(threads),
        "--hostname",
        node,
        "--loglevel",
        "warning",
    )
    probe = readiness.probing_app(url=redis_url)
    return Program(
        name="worker",
        command=(sys.executable, "-m", "celery", "-A", "console.celery:app", "worker", *options, *chatter),
        is_ready=lambda: readiness.worker_answers(probe, node=node),
    )


def beat(*, schedule: Path) -> Program:
    """Celery's clock, which rings for the sweeper."""
    options = ("--schedule", str(schedule), "--pidfile", "", "--loglevel", "warning")
    return Program(
        name="beat",
        command=(sys.executable, "-m", "celery", "-A", "console.clock:app", "beat", *options),
        is_ready=lambda: readiness.clock_ticks(schedule=schedule),
    )
