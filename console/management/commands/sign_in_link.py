"""Print a link that signs one person in once."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from budgets import actions
from console.access.sign_in_links import NoSuchPerson, create_link
from console.terminal.actor import terminal_actor
from console.terminal.addresses import address


class Command(BaseCommand):
    """`manage.py sign_in_link USERNAME [--minutes 15]`."""

    help = "Print a link that signs this person in, once."

    def add_arguments(self, parser: CommandParser) -> None:
        """Who, and for how long."""
        parser.add_argument("username")
        parser.add_argument("--minutes", type=int, default=15, help="how long the link is good (default 15)")

    def handle(self, *_args: Any, username: str, minutes: int, **_options: Any) -> None:
        """Exit 1 with one line when nobody has that name."""
        if not 1 <= minutes <= 24 * 60:
            raise CommandError("--minutes must be 1 to 1440.")
        try:
            path = create_link(username=username, valid_minutes=minutes)
        except NoSuchPerson as error:
            raise CommandError(str(error)) from None
        actions.note(
            actor=terminal_actor(),
            verb="person.sign_in_link",
            target=f"person {username}",
            after={"valid_minutes": minutes},
        )
        self.stdout.write(address() + path)
