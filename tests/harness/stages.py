"""One step of the test command: what it runs, how long it took, whether it held."""

import os
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CORES_USED = 2


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A command, named for what holds when it succeeds."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    tells: bool = False
    """Whether its output is of interest when it holds, too."""


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


def run_together(stages: Iterable[Stage], *, at_once: int = CORES_USED) -> list[Outcome]:
    """Run stages side by side, begun in their order, and print each as it ends."""
    with ThreadPoolExecutor(max_workers=at_once) as pool:
        running = {pool.submit(run_quietly, stage): stage for stage in stages}
        for done in as_completed(running):
            outcome = done.result()
            print(f"== {outcome.name}: {verdict(outcome)} in {outcome.seconds:.1f} s", flush=True)
            if outcome.exit_code or running[done].tells:
                print(outcome.output, flush=True)
        return [each.result() for each in running]


def politely(stage: Stage) -> Stage:
    """The same with what of the processor others leave."""
    return replace(stage, command=("nice", *stage.command))


def verdict(outcome: Outcome) -> str:
    """One word for the summary."""
    return "FAILED" if outcome.exit_code else "ok"


def summary(outcomes: Iterable[Outcome]) -> str:
    """A table of all stages with their seconds."""
    rows = [f"{outcome.seconds:8.1f} s  {verdict(outcome):7} {outcome.name}" for outcome in outcomes]
    return "\n".join(["", "Stages", *rows])
