"""Launch a run from the terminal, and follow it."""

from dataclasses import fields
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agents.admission import LaunchRefused
from agents.models import Run
from console.terminal.actor import terminal_actor
from console.terminal.addresses import run_address
from console.terminal.follow import bell_of, follow
from console.terminal.launching import EXIT_CODES, FAILED, REFUSED, WRONG_INPUT, Wanted, launch_wanted
from console.terminal.lines import json_line, plain, text_line

INTERRUPTED = 130
ANSWER_CHARACTERS = 20_000


class Command(BaseCommand):
    """`manage.py launch AGENT "task" [--follow | --json]`."""

    help = (
        "Launch a run. With --follow or --json, prints its events until it ends; then exits 0 completed, "
        "3 flagged or degraded, 4 refused, 5 killed, 1 failed; 2 for wrong options."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """What to launch, for whom, and how much to print."""
        parser.add_argument("agent", help="see manage.py agents --names")
        parser.add_argument("task", help="text, or JSON for an agent with an input schema")
        for name, meaning in (
            ("tenant", "default: the first"),
            ("surface", "default: internal-batch, else the first"),
            ("user", "the end user that the run works for"),
            ("session", "the session that it belongs to"),
            ("llm", "vendor:name; default: the agent's own choice"),
            ("agent-version", "the number of an older one; default: the current"),
            ("cap", "US dollars, at most the tier's cap of a run"),
            ("turns", "at most the tier's"),
            ("seconds", "at most the tier's"),
        ):
            parser.add_argument(f"--{name}", default="", help=meaning)
        parser.add_argument("--attach", action="append", default=[], metavar="FILE", help="may be repeated")
        shown = parser.add_mutually_exclusive_group()
        shown.add_argument("--follow", action="store_true", help="print steps as they happen")
        shown.add_argument("--json", action="store_true", help="print every event, one JSON object a line")

    def handle(self, *_args: Any, follow: bool, json: bool, attach: list[str], **options: Any) -> None:
        """Wrong options are one line on stderr with exit 2."""
        names = [each.name for each in fields(Wanted) if each.name != "attach"]
        wanted = Wanted(attach=tuple(attach), **{name: options[name] for name in names})
        try:
            run = launch_wanted(wanted, actor=terminal_actor())
        except LaunchRefused as refusal:
            code = REFUSED if refusal.field in ("budget", "switch") else WRONG_INPUT
            raise CommandError(f"{refusal.field}: {refusal}", returncode=code) from None
        if not json:
            self.stdout.write(f"{run.pk}  {run_address(run)}")
        if follow or json:
            self._follow(run, as_json=json)

    def _follow(self, run: Run, *, as_json: bool) -> None:
        """Leaves by SystemExit with the code of the run's state."""
        try:
            with bell_of(run.pk) as bell:
                for event in follow(run.pk, bell):
                    line = json_line(event) if as_json else text_line(event)
                    if line is not None:
                        self.stdout.write(line)
                        self.stdout.flush()
        except KeyboardInterrupt:
            self.stderr.write(f"No longer following; run {run.short} goes on.")
            raise SystemExit(INTERRUPTED) from None
        run.refresh_from_db()
        if not as_json:
            self._say_end(run)
        raise SystemExit(EXIT_CODES.get(run.state, FAILED))

    def _say_end(self, run: Run) -> None:
        self.stdout.write(f"{run.get_state_display()}{': ' + plain(run.reason) if run.reason else ''}")
        for line in run.answer.splitlines():
            self.stdout.write(plain(line, ANSWER_CHARACTERS))
