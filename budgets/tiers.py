"""The limits of a tier, which account binds, what is left, and why money was refused."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Literal, Protocol, TypeVar

from budgets.money import format_usd

Scope = Literal["run", "session", "user_day", "surface_day", "tenant_day", "tenant_month"]
AtCap = Literal["stop", "pause"]

SCOPES: tuple[Scope, ...] = ("run", "session", "user_day", "surface_day", "tenant_day", "tenant_month")
"""Narrow to wide: among equals, the narrower account is named as the one that binds."""

SCOPE_NAMES: dict[Scope, str] = {
    "run": "this run",
    "session": "this session",
    "user_day": "this user today",
    "surface_day": "this surface today",
    "tenant_day": "this tenant today",
    "tenant_month": "this tenant this month",
}


THRESHOLDS = (50, 80, 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What holds for one user on one surface. Amounts in nano-USD; None means that the scope has no limit.

    `parallel_runs` and `launches_per_minute` are those of the most specific tier; each tier that sets one counts
    its own. Before `at_cap` takes effect the run goes on with `cheaper_llm`, if there is one. `thresholds` are
    percentages of a day's or month's limit at which people are told.
    """

    run_nanos: int | None = None
    session_nanos: int | None = None
    user_day_nanos: int | None = None
    surface_day_nanos: int | None = None
    tenant_day_nanos: int | None = None
    tenant_month_nanos: int | None = None
    max_turns: int = 40
    max_seconds: int = 900
    parallel_runs: int = 20
    launches_per_minute: int = 60
    allowed_llms: tuple[str, ...] = ()
    cheaper_llm: str = ""
    at_cap: AtCap = "stop"
    thresholds: tuple[int, ...] = THRESHOLDS

    def __post_init__(self) -> None:
        # Limits are kept with a run as JSON, which knows lists only.
        object.__setattr__(self, "allowed_llms", tuple(self.allowed_llms))
        object.__setattr__(self, "thresholds", tuple(self.thresholds))

    def as_json(self) -> dict[str, object]:
        """As they are kept with a run; `Limits(**stored)` reads them back."""
        lists = {"allowed_llms": list(self.allowed_llms), "thresholds": list(self.thresholds)}
        return {**asdict(self), **lists}

    def allows_llm(self, llm: str) -> bool:
        """Whether an LLM such as "openai:gpt-5-mini" fits one of the patterns ("openai:*"); all do without any."""
        return not self.allowed_llms or any(fnmatchcase(llm, pattern) for pattern in self.allowed_llms)

    def of(self, scope: Scope) -> int | None:
        """The limit of one scope in nano-USD."""
        return {
            "run": self.run_nanos,
            "session": self.session_nanos,
            "user_day": self.user_day_nanos,
            "surface_day": self.surface_day_nanos,
            "tenant_day": self.tenant_day_nanos,
            "tenant_month": self.tenant_month_nanos,
        }[scope]


class Balance(Protocol):
    """Whatever has a limit and money against it, in nano-USD; `limit_nanos` includes top-ups."""

    @property
    def scope(self) -> Scope:
        """The kind of account."""

    @property
    def limit_nanos(self) -> int | None:
        """The limit, None without one."""

    @property
    def spent_nanos(self) -> int:
        """What was charged."""

    @property
    def held_nanos(self) -> int:
        """What open holds bind."""


AnyBalance = TypeVar("AnyBalance", bound=Balance)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why no hold was made: the account that binds, in nano-USD, and when it starts afresh (None: never).

    `asked_nanos` is 0 before a launch, when nobody knows yet what the first call may cost.
    """

    account_id: int
    scope: Scope
    limit_nanos: int
    spent_nanos: int
    held_nanos: int
    asked_nanos: int
    resets_at: datetime | None

    @property
    def left_nanos(self) -> int:
        """What may still be reserved; never below zero, also after a vendor billed above its ceiling."""
        return max(0, self.limit_nanos - self.spent_nanos - self.held_nanos)

    @property
    def text(self) -> str:
        """One sentence for people."""
        held = f" and {format_usd(self.held_nanos)} held" if self.held_nanos else ""
        resets = f"; it starts afresh at {self.resets_at:%Y-%m-%d %H:%M %Z}" if self.resets_at else ""
        asked = f"the next call may cost {format_usd(self.asked_nanos)}" if self.asked_nanos else "nothing is left"
        return (
            f"The budget of {SCOPE_NAMES[self.scope]} is {format_usd(self.limit_nanos)}, "
            f"{format_usd(self.spent_nanos)} spent{held}, and {asked}{resets}."
        )


def left_nanos(balance: Balance) -> int | None:
    """What may still be reserved, in nano-USD: None without a limit, negative after an overbilled call."""
    if balance.limit_nanos is None:
        return None
    return balance.limit_nanos - balance.spent_nanos - balance.held_nanos


def binding(balances: Iterable[AnyBalance]) -> AnyBalance | None:
    """The balance with the least left, the narrower scope among equals; None when nothing is limited."""
    limited = [balance for balance in balances if balance.limit_nanos is not None]
    return min(limited, key=lambda found: (left_nanos(found) or 0, SCOPES.index(found.scope)), default=None)
