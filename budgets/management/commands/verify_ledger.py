"""`manage.py verify_ledger`: says whether every balance is the sum of its ledger entries, and keeps the answer."""

from django.core.management.base import BaseCommand, CommandError, CommandParser

from budgets.ledger.verification import verify_and_keep
from budgets.money import format_usd


class Command(BaseCommand):
    """Exit 0 when all adds up, 1 with the first row that does not."""

    help = "Recomputes every balance and limit from the ledger's entries; exit 1 when one does not add up."

    def add_arguments(self, parser: CommandParser) -> None:
        """Only how much is said."""
        parser.add_argument("--quiet", action="store_true", help="say nothing when all adds up")

    def handle(self, *, quiet: bool, **_options: object) -> None:
        """Prints two lines."""
        found = verify_and_keep(asked_by="manage.py verify_ledger")
        if found.mismatch:
            raise CommandError(f"The ledger does not add up: {found.mismatch}.")
        if not quiet:
            self.stdout.write("The ledger adds up: every balance is the sum of its entries.")
            self.stdout.write(
                f"{found.holds:,} holds on {found.accounts:,} accounts, {found.entries:,} entries in "
                f"{found.took_ms:,} ms. Largest overshoot: {format_usd(found.overshoot_nanos)}. "
                f"Most that a vendor billed above a hold: {format_usd(found.overbilled_nanos)}."
            )
