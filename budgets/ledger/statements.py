"""The explicit SQL of the hot path: lock and read, then write a whole group with one statement a table."""

from collections.abc import Collection, Iterable, Sequence
from functools import cache
from typing import NamedTuple

from budgets.hot_sql import (
    Asked,
    Columns,
    ask,
    fetch,
    ids_parameter,
    insert_sql,
    lock_sql,
    select_rows,
    stored_at,
    update_sql,
    write,
)
from budgets.hot_values import Row, as_parameter
from budgets.ledger.rows import AccountRow, HoldRow, Move
from budgets.tiers import SCOPES, Scope

ACCOUNT_COLUMNS = tuple(f"{scope}_account_id" for scope in SCOPES)
HOLD = ", ".join(("id", "amount_nanos", "state", *ACCOUNT_COLUMNS))

CLOSING: Columns = {
    "state": "text",
    "closed_at": "at",
    "settled_nanos": "int",
    "unreconciled": "bool",
    "over_ceiling": "bool",
    "usage": "json",
    "vendor_usage": "json",
    "price": "json",
}
OPENING: Columns = {
    "id": "text",
    "tenant_id": "int",
    "run_id": "text",
    "step": "int",
    "llm": "text",
    "amount_nanos": "int",
    "input_tokens": "int",
    "max_output_tokens": "int",
    "opened_at": "at",
    **dict.fromkeys(ACCOUNT_COLUMNS, "int"),
}
ENTRY: Columns = {
    "hold_id": "text",
    "kind": "text",
    "held_delta_nanos": "int",
    "spent_delta_nanos": "int",
    "limit_delta_nanos": "int",
    "at": "at",
    "reason": "text",
    "actor": "text",
}
ACCOUNT: Columns = {
    "tenant_id": "int",
    "scope": "text",
    "subject": "text",
    '"window"': "text",
    "surface_id": "int",
    '"user"': "text",
    "window_start_at": "at",
    "window_end_at": "at",
    "limit_nanos": "int",
    "first_limit_nanos": "int",
    "topped_up_nanos": "int",
    "spent_nanos": "int",
    "held_nanos": "int",
    "thresholds": "text",
}
ACCOUNT_KEY: Columns = {"scope": "text", "subject": "text", '"window"': "text"}
DELTA: Columns = {"id": "int", "held": "int", "spent": "int", "peak": "int"}


class FoundAccount(NamedTuple):
    """An account that exists, as the run that opens it needs it."""

    id: int
    scope: Scope
    subject: str
    window: str
    limit_nanos: int | None


def find_accounts(tenant_id: int, keys: Sequence[tuple[str, str, str]]) -> list[FoundAccount]:
    """The tenant's accounts with these keys of scope, subject and window."""
    rows = fetch(_find_sql(), [tenant_id, as_parameter(keys)])
    return [FoundAccount(*row) for row in rows]


def insert_accounts(rows: Sequence[Row]) -> None:
    """Makes accounts, columns as in `ACCOUNT`; one that somebody else made meanwhile is left alone."""
    write(
        _insert_sql("budgets_account", ("account",)) + " WHERE TRUE ON CONFLICT DO NOTHING",
        rows,
    )


def ask_holds(hold_ids: Collection[str]) -> Asked | None:
    """Sends the query that locks holds until the transaction ends, in id order."""
    return ask(lock_sql("budgets_hold", HOLD, "text"), [ids_parameter(hold_ids)]) if hold_ids else None


def locked_holds(asked: Asked | None) -> dict[str, HoldRow]:
    """The answer to `ask_holds`."""
    return {row[0]: HoldRow(row[0], row[1], row[2], row[3:]) for row in (asked.rows() if asked else ())}


def ask_accounts(account_ids: Collection[int]) -> Asked | None:
    """Sends the query that locks accounts until the transaction ends; in id order, so groups cannot deadlock."""
    # The end of its window as text: only a refusal reads it, and to parse six of them takes longer than to fetch them.
    ends_at = "CAST(window_end_at AS text)"
    columns = f"id, scope, limit_nanos + topped_up_nanos, spent_nanos, held_nanos, {ends_at}, thresholds"
    return ask(lock_sql("budgets_account", columns, "int"), [ids_parameter(account_ids)]) if account_ids else None


def locked_accounts(asked: Asked | None) -> dict[int, AccountRow]:
    """The answer to `ask_accounts`."""
    return {row[0]: AccountRow(*row) for row in (asked.rows() if asked else ())}


def move_accounts(accounts: Iterable[AccountRow]) -> None:
    """Adds this group's movements to the balances, as deltas.

    The second fence: the row itself must have room for what was admitted. IntegrityError when it has not, which
    only a mistake in `Books` or a lost lock could bring about.
    """
    moved = [
        (account.id, account.held_delta_nanos, account.spent_delta_nanos, account.peak_delta_nanos)
        for account in accounts
        if account.held_delta_nanos or account.spent_delta_nanos
    ]
    write(_move_sql(), moved)


def insert_holds(holds: Iterable[HoldRow]) -> None:
    """Writes the group's new holds, those that closed within the group in their final state."""
    sql = _insert_sql("budgets_hold", ("opening", "closing"))
    write(sql, [(*_opening(hold), *_closing(hold)) for hold in holds])


def close_holds(holds: Iterable[HoldRow]) -> None:
    """Writes how holds of earlier groups ended; only open ones change."""
    write(_close_sql(), [(hold.id, *_closing(hold)) for hold in holds])


def insert_entries(moves: Iterable[Move]) -> None:
    """Writes one ledger entry for each movement."""
    write(
        _insert_sql("budgets_ledgerentry", ("entry",)),
        [
            (
                move.hold.id,
                move.kind,
                move.held_delta_nanos,
                move.spent_delta_nanos,
                0,
                stored_at(move.at),
                "",
                "",
            )
            for move in moves
        ],
    )


@cache
def _find_sql() -> str:
    return (
        'SELECT id, scope, subject, "window", limit_nanos FROM budgets_account WHERE tenant_id = %s '
        f'AND (scope, subject, "window") IN ({select_rows(ACCOUNT_KEY)})'
    )


@cache
def _insert_sql(table: str, parts: tuple[str, ...]) -> str:
    named = {"account": ACCOUNT, "opening": OPENING, "closing": CLOSING, "entry": ENTRY}
    columns = {name: kind for part in parts for name, kind in named[part].items()}
    return insert_sql(table, columns)


@cache
def _move_sql() -> str:
    # Not a WHERE: a row that is left out would be no error. A balance of -1 breaks the table's CHECK.
    changes = (
        "held_nanos = CASE WHEN new.peak IS NULL OR limit_nanos IS NULL"
        " OR spent_nanos + held_nanos + new.peak <= limit_nanos + topped_up_nanos"
        " THEN held_nanos + new.held ELSE -1 END, spent_nanos = spent_nanos + new.spent"
    )
    return update_sql("budgets_account", DELTA, changes=changes, where="budgets_account.id = new.id")


@cache
def _close_sql() -> str:
    changes = [f"{name} = new.{name}" for name in CLOSING if name != "price"]
    changes.append("price = COALESCE(new.price, budgets_hold.price)")
    return update_sql(
        "budgets_hold",
        {"id": "text", **CLOSING},
        changes=", ".join(changes),
        where="budgets_hold.id = new.id AND budgets_hold.state = 'open'",
    )


def _opening(hold: HoldRow) -> Row:
    opening = hold.opening
    if opening is None:
        raise AssertionError(f"hold {hold.id} is not new")
    made_at = stored_at(opening.opened_at)
    named = (
        hold.id,
        opening.tenant_id,
        opening.run_id,
        opening.step,
        opening.llm,
        hold.amount_nanos,
        opening.input_tokens,
        opening.max_output_tokens,
        made_at,
    )
    return (*named, *hold.accounts)


def _closing(hold: HoldRow) -> Row:
    closing = hold.closing
    price = None if hold.opening is None else hold.opening.price_json
    if closing is None:
        return ("open", None, None, False, False, None, None, price)
    return (
        closing.state,
        stored_at(closing.closed_at),
        closing.settled_nanos,
        closing.unreconciled,
        closing.over_ceiling,
        closing.usage_json,
        closing.vendor_usage_json,
        closing.price_json or price,
    )
