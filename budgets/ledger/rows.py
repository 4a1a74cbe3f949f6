"""The rows of the hot path while a group holds them locked: one account, one hold."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from budgets.tiers import Scope

State = Literal["open", "settled", "released"]


@dataclass(slots=True)
class AccountRow:
    """A locked account, in nano-USD, with what this group moves on it. `limit_nanos` includes top-ups.

    `window_ends` is an instant as the database writes it.
    """

    id: int
    scope: Scope
    limit_nanos: int | None
    spent_nanos: int
    held_nanos: int
    window_ends: str | None
    thresholds: str = ""
    spent_delta_nanos: int = 0
    held_delta_nanos: int = 0
    peak_delta_nanos: int | None = None

    def move(self, held_delta_nanos: int, spent_delta_nanos: int) -> None:
        """Changes the balance and remembers by how much."""
        self.held_nanos += held_delta_nanos
        self.held_delta_nanos += held_delta_nanos
        self.spent_nanos += spent_delta_nanos
        self.spent_delta_nanos += spent_delta_nanos

    def admit(self, amount_nanos: int) -> None:
        """Takes on a hold, and remembers the highest that this group's holds brought it to: see `_move_sql`."""
        self.held_nanos += amount_nanos
        self.held_delta_nanos += amount_nanos
        delta_nanos = self.held_delta_nanos + self.spent_delta_nanos
        if self.peak_delta_nanos is None or delta_nanos > self.peak_delta_nanos:
            self.peak_delta_nanos = delta_nanos

    def written(self) -> None:
        """Its movements are in the database."""
        self.held_delta_nanos = self.spent_delta_nanos = 0
        self.peak_delta_nanos = None


@dataclass(frozen=True, slots=True)
class Opening:
    """What a new hold is written with."""

    tenant_id: int
    run_id: str
    step: int
    llm: str
    price_json: str
    opened_at: datetime
    input_tokens: int = 0
    max_output_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Closing:
    """What a hold is closed with; amounts in nano-USD, the JSON ready to be stored."""

    state: Literal["settled", "released"]
    closed_at: datetime
    settled_nanos: int | None = None
    usage_json: str | None = None
    vendor_usage_json: str | None = None
    price_json: str | None = None
    unreconciled: bool = False
    over_ceiling: bool = False


@dataclass(slots=True)
class HoldRow:
    """A hold, locked or new: only a new one has an `opening`. `accounts` are in the order of `SCOPES`."""

    id: str
    amount_nanos: int
    state: State
    accounts: tuple[int | None, ...]
    opening: Opening | None = None
    closing: Closing | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """One ledger entry to be: what an operation of the group moved, kept so that it can be taken back."""

    hold: HoldRow
    kind: Literal["reserve", "settle", "release"]
    held_delta_nanos: int
    spent_delta_nanos: int
    at: datetime
