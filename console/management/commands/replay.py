"""Replay a run offline from the terminal."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agents.contracts.upcast import CheckpointError
from agents.models import Run
from agents.models.agent import AgentVersion
from agents.replay.of_run import replay_run
from console.terminal.lines import plain
from console.terminal.runs import NoSuchRun, find_run

LINE_CHARACTERS = 1_000


class Command(BaseCommand):
    """`manage.py replay RUN [--as-version N]`; Django keeps `--version` for itself."""

    help = (
        "Go through a run once more with what was recorded: no network, nothing is written. "
        "Exits 0 when every step comes as it was recorded, 1 when one does not, 2 when it cannot be read."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Which run, and as which version of its agent."""
        parser.add_argument("run", help="the run's id, or its last digits")
        parser.add_argument("--as-version", type=int, metavar="N", help="as this version of its agent would go")

    def handle(self, *_args: Any, run: str, as_version: int | None, **_options: Any) -> None:
        """Leaves by CommandError with the code when something came otherwise."""
        try:
            found = find_run(run)
            report = replay_run(found, version=version_of(found, as_version))
        except (NoSuchRun, CheckpointError) as error:
            raise CommandError(str(error), returncode=2) from None
        for difference in (report.request, report.divergence):
            if difference is not None:
                self.stdout.write(plain(difference.text, LINE_CHARACTERS))
        if not report.same:
            raise CommandError(f"Run {found.short} does not go as it was recorded.", returncode=1)
        self.stdout.write(f"Run {found.short}: all {report.steps} steps come as they were recorded.")


def version_of(run: Run, number: int | None) -> AgentVersion | None:
    """The version of the run's agent with that number; None for the run's own. Raises CommandError."""
    if number is None:
        return None
    version = AgentVersion.objects.filter(agent_id=run.version.agent_id, number=number).first()
    if version is None:
        raise CommandError(f"{run.agent_name} has no version {number}.", returncode=2)
    return version
