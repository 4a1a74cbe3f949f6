"""Makes a service of the demo shop fail, to see what agents do without it, and lets it work again."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agents.library.models import ServiceSwitch
from agents.library.support.drills import switch_service
from console.terminal.actor import terminal_actor
from console.terminal.lines import plain

BANNER = "DRILL: {service} of the demo shop fails from now on, in every run, until: manage.py drill {service} off"


class Command(BaseCommand):
    """`manage.py drill [SERVICE on|off]`; without words, how each service is."""

    help = "Break a service of the demo shop (on), mend it (off), or show how they are."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which service."""
        parser.add_argument("service", nargs="?", default="", help="stock-live or stock-cached")
        parser.add_argument("turn", nargs="?", choices=["on", "off"], default="on")
        parser.add_argument("--note", default="", help="why; it is shown in the list")

    def handle(self, *_args: Any, service: str, turn: str, note: str, **_options: Any) -> None:
        """Exit 1 with the services that there are."""
        if not service:
            self._list()
            return
        try:
            switch_service(service=service, failing=turn == "on", note=note or f"by {terminal_actor()}")
        except ServiceSwitch.DoesNotExist:
            known = ", ".join(ServiceSwitch.objects.order_by("service").values_list("service", flat=True))
            raise CommandError(f"There is no service {service!r}; there are: {known or 'none yet'}.") from None
        self.stdout.write(BANNER.format(service=service) if turn == "on" else f"{service} works again.")

    def _list(self) -> None:
        for switch in ServiceSwitch.objects.order_by("service"):
            self.stdout.write(f"{switch}{f': {plain(switch.note)}' if switch.failing else ''}")
