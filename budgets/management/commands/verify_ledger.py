"""`manage.py verify_ledger`: says whether every balance is the sum of its ledger entries."""

from django.core.management.base import BaseCommand, CommandError

from budgets.ledger import verify


class Command(BaseCommand):
    """Exit 0 when all adds up, 1 with the first row that does not."""

    help = "Recomputes every balance from the ledger's entries; exit 1 when one does not add up."

    def handle(self, **_options: object) -> None:
        """Prints one line."""
        mismatch = verify()
        if mismatch is not None:
            raise CommandError(f"The ledger does not add up: {mismatch}.")
        self.stdout.write("The ledger adds up: every balance is the sum of its entries.")
