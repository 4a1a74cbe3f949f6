"""Retry a run from the terminal."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agents.admission import LaunchRefused
from agents.forks import ForkRefused, good_step, retry
from agents.replay.plan import plan as planned
from console.terminal.actor import terminal_actor
from console.terminal.addresses import run_address
from console.terminal.plans import plan_lines
from console.terminal.runs import NoSuchRun, find_run


class Command(BaseCommand):
    """`manage.py retry RUN --reason "..." [--keep-steps]`, or `--plan` in place of the reason."""

    help = "Do the task of an ended run once more: same input, version and LLM, under the limits of today."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which run, from where, and why."""
        parser.add_argument("run", help="the run's id, or its last digits")
        parser.add_argument(
            "--keep-steps", action="store_true", help="go on after the last good step, not from the start"
        )
        parser.add_argument("--reason", default="", help="why; it is kept with the run")
        parser.add_argument("--plan", action="store_true", help="only say what becomes of the run's side effects")

    def handle(self, *_args: Any, run: str, keep_steps: bool, reason: str, plan: bool, **_options: Any) -> None:
        """Exit 1 with one line when it is refused; nothing was made then."""
        try:
            found = find_run(run)
            step = good_step(found) if keep_steps else 0
            if plan:
                self.stdout.write("\n".join([f"From step {step}:", *plan_lines(planned(found, step))]))
                return
            if not reason.strip():
                raise CommandError("Give a reason; it is kept with the run.")
            child = retry(run=found, actor=terminal_actor(), reason=reason.strip(), from_step=step)
        except (NoSuchRun, ForkRefused, LaunchRefused) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{child.pk}  {run_address(child)}")
