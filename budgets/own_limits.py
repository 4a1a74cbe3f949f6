"""What one run may spend and take where its launch asked for less than its tier allows. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from budgets.tiers import Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnLimits:
    """Limits of one run's own, in nano-USD, turns and seconds; None: its tier's. They only ever tighten."""

    run_nanos: int | None = None
    max_turns: int | None = None
    max_seconds: int | None = None

    @classmethod
    def stored(cls, kept: Mapping[str, Any]) -> Self:
        """As `as_json` has kept them."""
        return cls(**kept)

    def as_json(self) -> dict[str, object]:
        """Those that were asked for."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    def within(self, limits: Limits) -> Limits:
        """The tier's limits, or these where they are tighter."""
        return replace(
            limits,
            run_nanos=tighter(self.run_nanos, limits.run_nanos),
            max_turns=min(self.max_turns or limits.max_turns, limits.max_turns),
            max_seconds=min(self.max_seconds or limits.max_seconds, limits.max_seconds),
        )


def tighter(one_nanos: int | None, other_nanos: int | None) -> int | None:
    """The lower of two caps; None is no cap."""
    caps = [cap for cap in (one_nanos, other_nanos) if cap is not None]
    return min(caps, default=None)
