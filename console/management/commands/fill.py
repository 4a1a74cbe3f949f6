"""`manage.py fill`: a day of a busy house to look at, with runs in every state."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agents.models import Run
from console.terminal.actor import terminal_actor
from console.told_day import live
from console.told_day.tell import tell

SAID_EVERY = 50


class Command(BaseCommand):
    """Runs of four tenants over a day that ends now: worked on by the real engine, under a clock that is set."""

    help = "Fill the console with a rehearsed day: several tenants, all states, an outage, people's acts."

    def add_arguments(self, parser: CommandParser) -> None:
        """How much, and which day."""
        parser.add_argument("--runs", type=int, default=400, help="how many launches (400)")
        parser.add_argument("--hours", type=int, default=24, help="how long the day is (24)")
        parser.add_argument("--seed", type=int, default=1, help="another number tells another day (1)")
        parser.add_argument("--no-live", action="store_true", help="launch none that are live when the day is told")
        parser.add_argument("--yes", action="store_true", help="also where there are runs already")

    def handle(self, *_args: Any, runs: int, hours: int, seed: int, no_live: bool, yes: bool, **_options: Any) -> None:
        """Exit 1 where there are runs already, unless told otherwise: these days are rehearsals."""
        if Run.objects.exists() and not yes:
            raise CommandError("There are runs here already. A rehearsed day among them: manage.py fill --yes")
        terminal_actor()
        day = None
        for left, day in tell(runs=runs, hours=hours, seed=seed):
            if left % SAID_EVERY == 0:
                self.stdout.write(f"{left} scenes left, {day.hands.at:%H:%M} UTC")
                self.stdout.flush()
        refused = day.refused if day else 0
        self.stdout.write(f"{Run.objects.count()} runs are there; {refused} launches were refused by their limits.")
        if not no_live:
            self.stdout.write(f"{live.start()} more are live, as soon as a worker is (make run).")
