"""Fork a run from the terminal, or see what a fork would do again."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agents.admission import LaunchRefused
from agents.contracts.base import JsonObject
from agents.forks import ForkRefused, fork
from agents.models import Run
from agents.replay.plan import plan as planned
from console.terminal.actor import terminal_actor
from console.terminal.addresses import run_address
from console.terminal.plans import plan_lines
from console.terminal.runs import NoSuchRun, find_run


class Command(BaseCommand):
    """`manage.py fork RUN STEP --reason "..."`, or `--plan` in place of the reason."""

    help = "Go on from a step of a run as a new run, with another LLM, other instructions or other arguments."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which run and step, and what is changed."""
        parser.add_argument("run", help="the run's id, or its last digits")
        parser.add_argument("step", type=int, help="the last step that is taken over; 0 starts from the task")
        parser.add_argument("--llm", default="", help="vendor:name; default: the run's own")
        parser.add_argument("--system-prompt", type=Path, metavar="FILE", help="instructions in place of the agent's")
        parser.add_argument(
            "--arguments",
            action="append",
            default=[],
            metavar="CALL_ID=JSON",
            help="other arguments for a call of that step; may be repeated",
        )
        parser.add_argument("--reason", default="", help="why; it is kept with the run")
        parser.add_argument("--plan", action="store_true", help="only say what becomes of the run's side effects")

    def handle(self, *_args: Any, step: int, reason: str, plan: bool, **options: Any) -> None:
        """Exit 1 with one line when it is refused; nothing was made then."""
        arguments = arguments_of(options["arguments"])
        try:
            found = find_run(options["run"])
            if plan:
                self._plan(found, step, arguments)
                return
            if not reason.strip():
                raise CommandError("Give a reason; it is kept with the run.")
            child = fork(
                run=found,
                step=step,
                actor=terminal_actor(),
                reason=reason.strip(),
                llm=options["llm"],
                system_prompt=instructions_in(options["system_prompt"]),
                arguments=arguments,
            )
        except (NoSuchRun, ForkRefused, LaunchRefused) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{child.pk}  {run_address(child)}")

    def _plan(self, run: Run, step: int, arguments: dict[str, JsonObject]) -> None:
        for line in plan_lines(planned(run, step, rewritten=arguments)):
            self.stdout.write(line)


def instructions_in(path: Path | None) -> str | None:
    """The text of the file; None when none was named. Raises CommandError."""
    if path is None:
        return None
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} cannot be read: {error}") from None


def arguments_of(given: list[str]) -> dict[str, JsonObject]:
    """Arguments by call id. Raises CommandError for what is no CALL_ID=JSON with a JSON object."""
    found: dict[str, JsonObject] = {}
    for text in given:
        call_id, _, written = text.partition("=")
        try:
            value = json.loads(written)
        except ValueError:
            value = None
        if not call_id or not isinstance(value, dict):
            raise CommandError(f"{text[:80]!r}: write CALL_ID=JSON with a JSON object.")
        found[call_id] = value
    return found
