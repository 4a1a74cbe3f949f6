"""One step of the test command: what it runs, how long it took, whether it held."""

import os
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CORES_USED = 2


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A command, named for what holds when it succeeds."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a stage went; `output` is empty when it went straight to the terminal."""

    name: str
    exit_code: int
    seconds: float
    output: str = ""


def module(name: str, *arguments: str) -> tuple[str, ...]:
    """The command line of a tool that is installed beside the Python that runs this."""
    return (sys.executable, "-m", name, *arguments)


def tool(name: str, *arguments: str) -> tuple[str, ...]:
    """The command line of a tool that comes as a program rather than as a module."""
    return (str(Path(sys.executable).parent / name), *arguments)


def run_quietly(stage: Stage) -> Outcome:
    """Run a stage and keep what it says."""
    began = time.monotonic()
    done = subprocess.run(
        stage.command,
        cwd=ROOT,
        env={**os.environ, **stage.environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    return Outcome(
        name=stage.name,
        exit_code=done.returncode,
        seconds=time.monotonic() - began,
        output=done.stdout,
    )


def run_aloud(stage: Stage) -> Outcome:
    """Run a stage that speaks to the terminal itself."""
    print(f"\n== {stage.name}", flush=True)
    began = time.monotonic()
    environment = {**os.environ, **stage.environment}
    done = subprocess.run(stage.command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, check=False)
    return Outcome(name=stage.name, exit_code=done.returncode, seconds=time.monotonic() - began)


def run_together(stages: Iterable[Stage]) -> list[Outcome]:
    """Run stages side by side, as many as there are cores to use, and print each as it ends."""
    with ThreadPoolExecutor(max_workers=CORES_USED) as pool:
        outcomes = []
        for outcome in pool.map(run_quietly, stages):
            print(f"== {outcome.name}: {verdict(outcome)} in {outcome.seconds:.1f} s", flush=True)
            if outcome.exit_code:
                print(outcome.output, flush=True)
            outcomes.append(outcome)
        return outcomes


def verdict(outcome: Outcome) -> str:
    """One word for the summary."""
    return "FAILED" if outcome.exit_code else "ok"


def summary(outcomes: Iterable[Outcome]) -> str:
    """A table of all stages with their seconds."""
    rows = [f"{outcome.seconds:8.1f} s  {verdict(outcome):7} {outcome.name}" for outcome in outcomes]
    return "\n".join(["", "Stages", *rows])
