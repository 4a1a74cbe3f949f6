"""Say from the terminal what became of an effect that nobody knows of."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agents.effects import SAID, Word, resolve
from agents.models import Effect, Run
from console.screens.run.effects_form import read_result
from console.terminal.actor import terminal_actor
from console.terminal.runs import NoSuchRun, find_run

OUTCOMES: dict[str, Word] = {"happened": "happened", "again": "again", "given-up": "given_up"}


class Command(BaseCommand):
    """`manage.py resolve RUN happened|again|given-up --reason "..." [--result "..."] [--call ID]`."""

    help = "Say what became of a call of which nobody knows whether it happened; its run goes on."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which run and call, what became of it, and how one knows."""
        parser.add_argument("run", help="the run's id, or its last digits")
        parser.add_argument("outcome", choices=OUTCOMES, help="happened: its answer is --result; again: send it again")
        parser.add_argument("--reason", required=True, help="how you know; it is kept with the effect")
        parser.add_argument("--result", default="", help="what it gave, as text or JSON; for happened")
        parser.add_argument("--call", default="", help="the call's id, where several are unknown")

    def handle(self, *_args: Any, run: str, outcome: str, reason: str, result: str, call: str, **_: Any) -> None:
        """Exit 1 with one line when there is no such effect, or another word was faster."""
        if not reason.strip():
            raise CommandError("Give a reason; it is kept with the effect.")
        try:
            found = find_run(run)
        except NoSuchRun as error:
            raise CommandError(str(error)) from None
        effect = _chosen(found, call)
        said = {"actor": terminal_actor(), "reason": reason.strip()}
        if not resolve(effect=effect, outcome=OUTCOMES[outcome], result=read_result(result), **said):
            raise CommandError("Somebody was faster: this effect is resolved already.")
        self.stdout.write(f"{effect.tool} of run {found.short}: {SAID[OUTCOMES[outcome]]}.")


def _chosen(run: Run, call: str) -> Effect:
    unknown = list(run.effects.filter(state="unknown").select_related("run__tenant").order_by("pk"))
    named = [effect for effect in unknown if call in ("", effect.call_id)]
    if len(named) == 1:
        return named[0]
    if not named:
        raise CommandError(f"Run {run.short} has no such call of unknown outcome.")
    calls = ", ".join(f"{effect.call_id} ({effect.tool})" for effect in named)
    raise CommandError(f"Run {run.short} has several; name one with --call: {calls}.")
