"""`manage.py up`: start everything that this machine needs, and end it together."""

import os
import signal
import sys

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from console.supervisor.addresses import parsed_port
from console.supervisor.installation import Installation
from console.supervisor.problems import CannotRun


class Command(BaseCommand):
    """Starts web, worker, beat and a private Redis, and prints a one-time sign-in link."""

    help = "Start watchfloor on this machine; Ctrl-C ends it."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """The port is all there is to choose; everything else comes from the environment."""
        parser.add_argument("--port", default=os.environ.get("PORT") or "8000", help="default: $PORT, else 8000")

    def handle(self, *, port: str, **_options: object) -> None:
        """Run until a signal ends it; exit 1 with one line when it cannot."""
        try:
            installation = Installation(var=settings.VAR, port=parsed_port(port), say=say)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, lambda *_: installation.ended.set())
            installation.run()
        except CannotRun as problem:
            sys.exit(f"watchfloor: {problem}")


def say(line: str) -> None:
    """One line for the person at the terminal, at once."""
    print(line, flush=True)
