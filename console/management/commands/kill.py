"""Kill a run from the terminal."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agents.kills import kill
from console.terminal.actor import terminal_actor
from console.terminal.runs import NoSuchRun, find_run


class Command(BaseCommand):
    """`manage.py kill RUN --reason "..."`."""

    help = "Kill a run: the request in flight is cancelled, no step starts any more."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which run, and why."""
        parser.add_argument("run", help="the run's id, or its last digits")
        parser.add_argument("--reason", required=True, help="why; it is kept with the run")

    def handle(self, *_args: Any, run: str, reason: str, **_options: Any) -> None:
        """Exit 1 with one line when there is no such run or it has ended."""
        if not reason.strip():
            raise CommandError("Give a reason; it is kept with the run.")
        try:
            found = find_run(run)
        except NoSuchRun as error:
            raise CommandError(str(error)) from None
        if not kill(run=found, actor=terminal_actor(), reason=reason.strip()):
            found.refresh_from_db(fields=["state"])
            raise CommandError(f"Run {found.short} had already ended: {found.get_state_display()}.")
        self.stdout.write(f"Kill of run {found.short} ({found.agent_name}) requested.")
