"""The books of one transaction: money is moved in memory, on locked rows, and written in bulk."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Self

from budgets.hot_sql import Asked, in_transaction, read_at
from budgets.ledger import statements
from budgets.ledger.account_sets import AccountSet
from budgets.ledger.errors import AccountNotLocked, HoldExists, LedgerError, UnknownHold
from budgets.ledger.rows import AccountRow, Closing, HoldRow, Move, Opening
from budgets.ledger.stored_json import price_json, usage_json, vendor_usage_json
from budgets.ledger.thresholds import Reached, crossings, keep_alerts, refused
from budgets.money import MAX_NANOS
from budgets.pricing import PriceSnapshot, Usage
from budgets.tiers import Refusal, binding


class Mark(NamedTuple):
    """How much the books held at some point of a group."""

    moves: int
    refused: int


@dataclass(frozen=True, slots=True)
class Settlement:
    """How a settlement ended. Not `booked`: the hold was closed before, and nothing changed."""

    booked: bool
    over_ceiling: bool


@dataclass(frozen=True, slots=True)
class AskedBooks:
    """Locks that were asked for."""

    holds: Asked | None
    accounts: Asked | None


class Books:
    """Opened once for a group of runs, inside the transaction that commits them together.

    Every operation changes all or nothing. A batch that fails half-way is taken back by `undo_to` its mark,
    so that the batches beside it stand. Nothing reaches the database before `close`: two reads and at most
    four writes a group, and one more when an account reaches a percentage of its limit.
    """

    def __init__(self, accounts: dict[int, AccountRow], holds: dict[str, HoldRow]) -> None:
        self._accounts = accounts
        self._holds = holds
        self._moves: list[Move] = []
        self._refused: list[Reached] = []

    @staticmethod
    def ask(*, account_ids: Collection[int], hold_ids: Collection[str]) -> "AskedBooks":
        """Sends the queries that lock the holds to be closed and the named accounts, each in id order.

        Holds to be reserved are not named. Raises `LedgerError` outside a transaction.
        """
        if not in_transaction():
            raise LedgerError("books are opened inside a transaction: their locks end with it")
        return AskedBooks(statements.ask_holds(hold_ids), statements.ask_accounts(account_ids))

    @classmethod
    def answered(cls, asked: "AskedBooks") -> Self:
        """The books that were asked for.

        A hold settles into the accounts that it was reserved on, so these are locked too: after a rollover they
        are not among those that were named.
        """
        books = cls(statements.locked_accounts(asked.accounts), {})
        books._take_in(statements.locked_holds(asked.holds))
        return books

    def add_holds(self, hold_ids: Collection[str]) -> None:
        """Locks further holds that are to be closed, with their accounts."""
        self._take_in(statements.locked_holds(statements.ask_holds(hold_ids)))

    @classmethod
    def open(cls, *, account_ids: Collection[int], hold_ids: Collection[str]) -> Self:
        """Asks, and waits for the answer."""
        return cls.answered(cls.ask(account_ids=account_ids, hold_ids=hold_ids))

    def reserve(
        self,
        *,
        hold_id: str,
        accounts: AccountSet,
        amount_nanos: int,
        tenant_id: int,
        run_id: str,
        step: int,
        llm: str,
        price: PriceSnapshot,
        at: datetime,
        input_tokens: int = 0,
        max_output_tokens: int = 0,
    ) -> Refusal | None:
        """Holds the worst case of a call on every account of the set, or answers why not and changes nothing.

        Admits only if spent + held + amount stays within the limit of each account; the refusal names the
        account with the least left. `amount_nanos` is nano-USD from `pricing.worst_case_nanos` for the tokens
        that are kept beside it.
        """
        _check_amount(amount_nanos)
        if hold_id in self._holds:
            raise HoldExists(hold_id)
        rows = list(self._rows(accounts.columns))
        refusal = _refusal(rows, amount_nanos)
        if refusal is not None:
            self._refused += refused(refusal, self._accounts[refusal.account_id].thresholds, at)
            return refusal
        opening = Opening(tenant_id, run_id, step, llm, price_json(price), at, input_tokens, max_output_tokens)
        hold = HoldRow(hold_id, amount_nanos, "open", accounts.columns, opening)
        for account in rows:
            account.admit(amount_nanos)
        self._moves.append(Move(hold, "reserve", amount_nanos, 0, at))
        self._holds[hold_id] = hold
        return None

    def settle(
        self,
        *,
        hold_id: str,
        cost_nanos: int,
        usage: Usage | None,
        at: datetime,
        vendor_usage: Mapping[str, object] | None = None,
        price: PriceSnapshot | None = None,
        unreconciled: bool = False,
    ) -> Settlement:
        """Replaces a hold by what the call cost, on the accounts that it was reserved on.

        Settling again books nothing. A cost above the hold is booked in full and flagged: the caller trips
        the breaker. Without `price` the one of the reservation stays. `unreconciled` says that the cost is an
        estimate.
        """
        _check_amount(cost_nanos)
        hold = self._hold(hold_id)
        over_ceiling = cost_nanos > hold.amount_nanos
        closing = Closing(
            state="settled",
            closed_at=at,
            settled_nanos=cost_nanos,
            usage_json=usage_json(usage),
            vendor_usage_json=vendor_usage_json(vendor_usage),
            price_json=None if price is None else price_json(price),
            unreconciled=unreconciled,
            over_ceiling=over_ceiling,
        )
        booked = self._close_hold(hold, closing, Move(hold, "settle", -hold.amount_nanos, cost_nanos, at))
        return Settlement(booked=booked, over_ceiling=booked and over_ceiling)

    def settle_in_full(
        self, *, hold_id: str, at: datetime, vendor_usage: Mapping[str, object] | None = None
    ) -> Settlement:
        """Charges the whole hold as unreconciled: the call was sent, but nobody knows what it used."""
        return self.settle(
            hold_id=hold_id,
            cost_nanos=self._hold(hold_id).amount_nanos,
            usage=None,
            vendor_usage=vendor_usage,
            unreconciled=True,
            at=at,
        )

    def release(self, *, hold_id: str, at: datetime) -> bool:
        """Gives a hold back because its call was never sent; False when it was closed before."""
        hold = self._hold(hold_id)
        closing = Closing(state="released", closed_at=at)
        return self._close_hold(hold, closing, Move(hold, "release", -hold.amount_nanos, 0, at))

    def mark(self) -> Mark:
        """Where the books stand now, for `undo_to`."""
        return Mark(len(self._moves), len(self._refused))

    def undo_to(self, mark: Mark) -> None:
        """Takes back everything since the mark, as if that batch had never been in the group."""
        del self._refused[mark.refused :]
        while len(self._moves) > mark.moves:
            move = self._moves.pop()
            self._shift(move.hold, -move.held_delta_nanos, -move.spent_delta_nanos)
            if move.kind == "reserve":
                del self._holds[move.hold.id]
            else:
                move.hold.state, move.hold.closing = "open", None

    def close(self) -> None:
        """Writes the balances, holds, entries and alerts; the caller's transaction commits them."""
        crossed = crossings(self._accounts.values(), self._moves[-1].at) if self._moves else ()
        keep_alerts([*crossed, *self._refused])
        changed = {move.hold.id: move.hold for move in self._moves}.values()
        statements.move_accounts(self._accounts.values())
        statements.insert_holds([hold for hold in changed if hold.opening])
        statements.close_holds([hold for hold in changed if not hold.opening])
        statements.insert_entries(self._moves)
        self._moves, self._refused = [], []
        for hold in changed:
            hold.opening = None
        for account in self._accounts.values():
            account.written()

    def _take_in(self, holds: dict[str, HoldRow]) -> None:
        self._holds |= holds
        of_holds = {account_id for hold in holds.values() for account_id in hold.accounts if account_id is not None}
        missing = of_holds.difference(self._accounts)
        self._accounts |= statements.locked_accounts(statements.ask_accounts(missing))

    def _hold(self, hold_id: str) -> HoldRow:
        try:
            return self._holds[hold_id]
        except KeyError:
            raise UnknownHold(hold_id) from None

    def _rows(self, account_ids: tuple[int | None, ...]) -> Iterator[AccountRow]:
        for account_id in account_ids:
            if account_id is not None:
                try:
                    yield self._accounts[account_id]
                except KeyError:
                    raise AccountNotLocked(str(account_id)) from None

    def _close_hold(self, hold: HoldRow, closing: Closing, move: Move) -> bool:
        if hold.state != "open":
            return False
        self._apply(move)
        hold.state, hold.closing = closing.state, closing
        return True

    def _apply(self, move: Move) -> None:
        self._shift(move.hold, move.held_delta_nanos, move.spent_delta_nanos)
        self._moves.append(move)

    def _shift(self, hold: HoldRow, held_delta_nanos: int, spent_delta_nanos: int) -> None:
        for account in list(self._rows(hold.accounts)):
            account.move(held_delta_nanos, spent_delta_nanos)


def _check_amount(nanos: int) -> None:
    if type(nanos) is not int or not 0 <= nanos <= MAX_NANOS:
        raise LedgerError(f"an amount is 0 to {MAX_NANOS} nano-USD, not {str(nanos)[:40]}")


def _refusal(accounts: list[AccountRow], amount_nanos: int) -> Refusal | None:
    full = binding(
        account
        for account in accounts
        if account.limit_nanos is not None
        and account.spent_nanos + account.held_nanos + amount_nanos > account.limit_nanos
    )
    if full is None or full.limit_nanos is None:
        return None
    return Refusal(
        account_id=full.id,
        scope=full.scope,
        limit_nanos=full.limit_nanos,
        spent_nanos=full.spent_nanos,
        held_nanos=full.held_nanos,
        asked_nanos=amount_nanos,
        resets_at=read_at(full.window_ends),
    )
