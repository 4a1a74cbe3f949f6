"""Recomputes the whole ledger from its entries: names the first row that does not add up, and any overshoot."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from django.db import connection

from budgets.hot_sql import planned_for_whole_tables
from budgets.ledger.recomputation import ACCOUNTS, ENTRIES, HOLDS, NO_LIMIT, OVERBILLED
from budgets.models import Verification
from budgets.money import format_usd

ACCOUNT_COLUMNS = ("number of rows", "held_nanos", "spent_nanos", "topped_up_nanos", "limit_nanos")
HOLD_COLUMNS = ("held_nanos", "settled_nanos", "amount_nanos", "number of entries")
STAGES = ("every account, entry by entry", "every hold", "what was billed")

EVERY_DAY = "every day"
"""In the place of a person who asked."""

Tell = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A row that the entries do not explain; amounts in nano-USD, or counts of rows or entries."""

    table: str
    row_id: str
    what: str
    recorded: int
    recomputed: int

    def __str__(self) -> str:
        recorded, recomputed = ("none" if nanos == NO_LIMIT else nanos for nanos in (self.recorded, self.recomputed))
        return f"{self.table} {self.row_id}: {self.what} is {recorded}, its entries say {recomputed}"


@dataclass(frozen=True, slots=True)
class Overshoot:
    """An entry that reserved more than its account had left under the limit that held then: the ledger is broken."""

    account_id: int
    entry_id: int
    nanos: int

    def __str__(self) -> str:
        return f"account {self.account_id}: entry {self.entry_id} reserved {format_usd(self.nanos)} above its limit"


@dataclass(slots=True)
class TenantFigures:
    """One tenant's part; amounts in nano-USD."""

    accounts: int = 0
    overshoot_nanos: int = 0
    reservations: int = 0
    overbilled_nanos: int = 0

    def as_json(self) -> dict[str, int]:
        """As `Verification.of_tenants` keeps it; `TenantFigures(**stored)` reads it back."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Recomputed:
    """What a recomputation found, with the figures of each tenant by its id."""

    broken: Mismatch | Overshoot | None
    entries: int
    of_tenants: dict[int, TenantFigures]


def verify() -> Mismatch | Overshoot | None:
    """The first account, else hold, whose numbers are not the sum of its entries, else one that was overshot.

    None when all adds up and no reservation ever passed a limit. Reads the whole ledger: for a command or a task,
    not for a page.
    """
    return recompute().broken


def verify_and_keep(*, asked_by: str, tell: Tell = lambda _stage: None) -> Verification:
    """Recomputes the ledger and keeps what was found; `tell` hears of each of the `STAGES` as it begins."""
    began = monotonic()
    found = recompute(tell)
    figures = found.of_tenants.values()
    return Verification.objects.create(
        at=datetime.now(UTC),
        took_ms=round((monotonic() - began) * 1000),
        accounts=sum(each.accounts for each in figures),
        holds=sum(each.reservations for each in figures),
        entries=found.entries,
        mismatch=str(found.broken or ""),
        overshoot_nanos=max((each.overshoot_nanos for each in figures), default=0),
        overbilled_nanos=max((each.overbilled_nanos for each in figures), default=0),
        of_tenants={str(tenant_id): each.as_json() for tenant_id, each in found.of_tenants.items()},
        asked_by=asked_by,
    )


def recompute(tell: Tell = lambda _stage: None) -> Recomputed:
    """Each account with its limits and each hold, from the entries alone."""
    of_tenants: dict[int, TenantFigures] = {}
    tell(STAGES[0])
    broken = _accounts(of_tenants)
    tell(STAGES[1])
    for hold_id, *pairs in _rows(HOLDS):
        broken = broken if isinstance(broken, Mismatch) else _mismatch("hold", HOLD_COLUMNS, hold_id, pairs)
    tell(STAGES[2])
    for tenant_id, reservations, overbilled_nanos in _rows(OVERBILLED):
        figures = of_tenants.setdefault(tenant_id, TenantFigures())
        figures.reservations, figures.overbilled_nanos = reservations, overbilled_nanos
    return Recomputed(broken, int(_rows(ENTRIES)[0][0]), of_tenants)


def _accounts(of_tenants: dict[int, TenantFigures]) -> Mismatch | Overshoot | None:
    """Fills in each tenant's figures; a wrong sum goes before an overshoot, the oldest account before others."""
    wrong: list[Mismatch] = []
    overshot: list[Overshoot] = []
    for tenant_id, accounts, overshoot_nanos, account_id, nanos, entry_id, *pairs in _rows(ACCOUNTS):
        of_tenants[tenant_id or 0] = TenantFigures(accounts=accounts, overshoot_nanos=overshoot_nanos)
        if account_id is not None and pairs[0::2] != pairs[1::2]:
            wrong.append(_mismatch("account", ACCOUNT_COLUMNS, account_id, pairs))
        elif account_id is not None:
            overshot.append(Overshoot(account_id, entry_id, nanos))
    by_account = min(wrong, key=lambda each: int(each.row_id), default=None)
    return by_account or min(overshot, key=lambda each: each.account_id, default=None)


def _mismatch(table: str, columns: tuple[str, ...], row_id: object, pairs: list[Any]) -> Mismatch:
    compared = zip(columns, pairs[0::2], pairs[1::2], strict=True)
    what, recorded, recomputed = next(each for each in compared if each[1] != each[2])
    return Mismatch(table, str(row_id), what, int(recorded), int(recomputed))


def _rows(statement: str) -> list[tuple[Any, ...]]:
    """Few: the database has done the summing."""
    with planned_for_whole_tables(), connection.cursor() as cursor:
        cursor.execute(statement)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
