"""The rows of the benchmark and the ratio each has to reach."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

OURS = "watchfloor"
DURABLE_PEERS = ("langgraph", "dbos")
ORIENTATION = "langgraph-memory"


class Database(Enum):
    """Where a row keeps its steps."""

    SQLITE = "SQLite"
    POSTGRES = "PostgreSQL"


class Unit(Enum):
    """What a row prints, and with it which way is better."""

    MS_PER_TURN = "ms/turn"
    TURNS_PER_S = "turns/s"

    def show(self, per_turn_ms: float) -> float:
        """Convert the stored milliseconds a turn into this unit."""
        return per_turn_ms if self is Unit.MS_PER_TURN else 1000 / per_turn_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """How we must stand to the best of these peers: at most (time) or at least (throughput) `ratio` times."""

    peers: tuple[str, ...]
    ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One comparison: the same work for every contender, on one database."""

    name: str
    title: str
    database: Database
    unit: Unit
    turns: int
    runs: int
    target: Target

    @property
    def contenders(self) -> tuple[str, ...]:
        """Who takes part, in the order of the table."""
        return (OURS, *DURABLE_PEERS, ORIENTATION)


ROWS = (
    Row(
        name="turn-sqlite",
        title="Overhead per turn, SQLite",
        database=Database.SQLITE,
        unit=Unit.MS_PER_TURN,
        turns=50,
        runs=1,
        target=Target(peers=("langgraph",), ratio=0.4),
    ),
    Row(
        name="turn-postgres",
        title="Overhead per turn, PostgreSQL",
        database=Database.POSTGRES,
        unit=Unit.MS_PER_TURN,
        turns=50,
        runs=1,
        target=Target(peers=("langgraph",), ratio=0.5),
    ),
    Row(
        name="hundred-sqlite",
        title="100 runs at once, SQLite",
        database=Database.SQLITE,
        unit=Unit.TURNS_PER_S,
        turns=50,
        runs=100,
        target=Target(peers=DURABLE_PEERS, ratio=5.0),
    ),
    Row(
        name="hundred-postgres",
        title="100 runs at once, PostgreSQL",
        database=Database.POSTGRES,
        unit=Unit.TURNS_PER_S,
        turns=50,
        runs=100,
        target=Target(peers=DURABLE_PEERS, ratio=5.0),
    ),
)
