"""`manage.py seed`: fill in first-use data, for installations that do not start with `up`."""

from django.core.management.base import BaseCommand

from console.supervisor import first_use


class Command(BaseCommand):
    """Writes tenants, budgets, operators and the bundled agents; repeating it changes nothing."""

    help = "Fill in first-use data; safe to repeat."

    def handle(self, **_options: object) -> None:
        """Seed, then say so."""
        first_use.seed()
        self.stdout.write("First-use data is in place.")
