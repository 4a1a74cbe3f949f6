"""Run one row: its contenders take turns, repetition after repetition."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.benchmarks.contenders import ContenderFailedError, install, is_built, is_installed, measure_once
from tests.benchmarks.databases import Databases
from tests.benchmarks.measurements import Standing, UnreadableAnswerError
from tests.benchmarks.postgres import PostgresFailedError
from tests.benchmarks.rows import OURS, Row, Unit
from tests.harness.machine import ProgramMissing

NOT_BUILT = "not built yet"
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A row with what was measured for each contender, in the row's order."""

    row: Row
    standings: tuple[Standing, ...]

    def standing(self, contender: str) -> Standing:
        """Return one contender's figures."""
        return next(each for each in self.standings if each.contender == contender)

    def ratio_to_ours(self, contender: str) -> float | None:
        """Return our figure divided by this contender's, in the row's unit; None when either is missing."""
        ours, theirs = self.standing(OURS).median_ms, self.standing(contender).median_ms
        if ours is None or theirs is None:
            return None
        return self.row.unit.show(ours) / self.row.unit.show(theirs)

    def ratio_to_best(self) -> float | None:
        """Return our ratio to the best of the target's peers; None unless all of them were measured."""
        ratios = [self.ratio_to_ours(peer) for peer in self.row.target.peers]
        known = [ratio for ratio in ratios if ratio is not None]
        if len(known) < len(ratios):
            return None
        return max(known) if self.row.unit is Unit.MS_PER_TURN else min(known)

    def meets_target(self) -> bool | None:
        """Say whether our ratio reaches the row's target; None when it cannot be told."""
        ratio = self.ratio_to_best()
        if ratio is None:
            return None
        target = self.row.target.ratio
        return ratio <= target if self.row.unit is Unit.MS_PER_TURN else ratio >= target


def compare(row: Row, databases: Databases, *, repetitions: int, tell: Tell) -> Comparison:
    """Measure every contender `repetitions` times, a different one first each time.

    A contender that fails is left out of the rest of the row, with its reason in the table.
    """
    standings = tuple(Standing(contender=name) for name in row.contenders)
    for standing in standings:
        _make_ready(standing, tell)
    for repetition in range(repetitions):
        for standing in _rotated(standings, repetition):
            if not standing.absent:
                tell(f"{row.name} {repetition + 1}/{repetitions}: {standing.contender}")
                _measure(standing, row, databases)
    return Comparison(row=row, standings=standings)


def _make_ready(standing: Standing, tell: Tell) -> None:
    if not is_built(standing.contender):
        standing.give_up(NOT_BUILT, failed=False)
        return
    if is_installed(standing.contender):
        return
    tell(f"installing {standing.contender}")
    try:
        install(standing.contender)
    except ContenderFailedError as error:
        standing.give_up(f"not installed: {error}", failed=True)


def _measure(standing: Standing, row: Row, databases: Databases) -> None:
    try:
        address = databases.address(row, standing.contender)
        standing.add(measure_once(standing.contender, row, database=address, scratch=databases.scratch))
    except (ContenderFailedError, UnreadableAnswerError, ProgramMissing, PostgresFailedError) as error:
        standing.give_up(f"failed: {error}", failed=True)


def _rotated(standings: tuple[Standing, ...], by: int) -> Iterator[Standing]:
    start = by % len(standings)
    yield from standings[start:]
    yield from standings[:start]
