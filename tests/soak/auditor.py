"""Looks at the rows and the far end again and again, and stops the day at the first thing that is wrong."""

import threading
from collections.abc import Callable

from tests.soak import truths
from tests.soak.far_end import FarEnd
from tests.soak.plain_rows import DatabaseAway, PlainDatabase, Rows
from tests.soak.tally import Tally, Violation

EVERY_SECONDS = 1.0


class Auditor:
    """One thread that only reads."""

    def __init__(self, database: PlainDatabase, far_end: FarEnd, tally: Tally) -> None:
        self._database = database
        self._tally = tally
        endings = truths.Endings()
        self._truths: dict[str, Callable[[Rows], None]] = {
            "spent + held <= limit": truths.no_account_is_above_its_limit,
            "balance = ledger": truths.every_balance_equals_its_ledger,
            "no hole": truths.no_sequence_has_a_hole,
            "one epoch writes": truths.one_epoch_writes_at_a_time,
            "effects belong to claims": truths.effects_belong_to_claims,
            "each effect once": lambda rows: truths.each_effect_happened_at_most_once(rows, far_end),
            "done means arrived": lambda rows: truths.what_succeeded_has_happened(rows, far_end),
            "the shop was told once": truths.the_shop_was_told_once,
            "the end is the end": endings.stay,
        }

    def work(self, until: threading.Event) -> None:
        """Look every second, until told to stop or something is wrong."""
        while not until.wait(EVERY_SECONDS) and not self._tally.over.is_set():
            self.look()

    def look(self) -> None:
        """All truths, of one moment."""
        for name, holds in self._truths.items():
            try:
                with self._database.at_one_moment() as rows:
                    holds(rows)
            except DatabaseAway:
                self._tally.check("could not look: database away")
                return
            except Violation as violation:
                self._tally.violation(f"{name}: {violation}")
                return
            self._tally.check(name)
