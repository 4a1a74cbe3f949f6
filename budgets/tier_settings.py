"""What a tier may set, checked strictly, and which of it wins: the most specific tier that says anything."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Protocol, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from budgets.money import MAX_NANOS, format_usd
from budgets.tiers import AtCap, Limits

Level = Literal["tenant", "surface", "user", "surface_user"]

LEVELS: tuple[Level, ...] = ("surface_user", "user", "surface", "tenant")
"""Specific to general: the first of them that sets a field decides it."""

Nanos = Annotated[int, Field(ge=0, le=MAX_NANOS)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]
LLMName = Annotated[str, Field(max_length=200)]

AMOUNTS = (
    "run_nanos",
    "session_nanos",
    "user_day_nanos",
    "surface_day_nanos",
    "tenant_day_nanos",
    "tenant_month_nanos",
)
COUNTS = ("max_turns", "max_seconds", "parallel_runs", "launches_per_minute")
OTHERS = ("allowed_llms", "cheaper_llm", "at_cap", "thresholds")
FIELDS = (*AMOUNTS, *COUNTS, *OTHERS)

_NOT_A_USERS = frozenset({"surface_day_nanos", "tenant_day_nanos", "tenant_month_nanos", "thresholds"})
_NOT_A_SURFACES = frozenset({"user_day_nanos", "tenant_day_nanos", "tenant_month_nanos"})
MAY_SET: dict[Level, frozenset[str]] = {
    "tenant": frozenset(FIELDS),
    "surface": frozenset(FIELDS) - _NOT_A_SURFACES,
    "user": frozenset(FIELDS) - _NOT_A_USERS,
    "surface_user": frozenset(FIELDS) - _NOT_A_USERS - _NOT_A_SURFACES,
}
"""A user's day and a tenant's windows are counted across surfaces, so no surface can set them."""


class SettingRefused(ValueError):
    """A setting that cannot be: its field, and one sentence fit to stand there."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field
        self.text = text


class TierSettings(BaseModel):
    """Amounts in nano-USD, None for no limit. What is not set is inherited: see `model_fields_set`."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    run_nanos: Nanos | None = None
    session_nanos: Nanos | None = None
    user_day_nanos: Nanos | None = None
    surface_day_nanos: Nanos | None = None
    tenant_day_nanos: Nanos | None = None
    tenant_month_nanos: Nanos | None = None
    max_turns: Count = 40
    max_seconds: Count = 900
    parallel_runs: Count = 20
    launches_per_minute: Count = 60
    allowed_llms: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=200)], ...], Field(strict=False)] = ()
    cheaper_llm: LLMName = ""
    at_cap: AtCap = "stop"
    thresholds: Annotated[tuple[Annotated[int, Field(ge=1, le=100)], ...], Field(strict=False, max_length=10)] = ()

    @field_validator("thresholds")
    @classmethod
    def _once_and_in_order(cls, given: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(sorted(set(given)))

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        """Settings as `stored` wrote them, or as somebody typed them; raises `SettingRefused` for the first fault."""
        try:
            return cls.model_validate(dict(stored))
        except ValidationError as error:
            fault = error.errors(include_url=False, include_input=False)[0]
            field = str(fault["loc"][0]) if fault["loc"] else ""
            raise SettingRefused(field, _sentence(field, fault["type"], fault["msg"])) from error

    def stored(self) -> dict[str, Any]:
        """Plain JSON of what is set, and of nothing else."""
        return self.model_dump(mode="json", exclude_unset=True)


class TierLike(Protocol):
    """A tier: for whom it is, and what it sets."""

    @property
    def level(self) -> Level:
        """How specific it is."""

    @property
    def own(self) -> TierSettings:
        """What it sets itself."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """The value of one field, and the level that set it; None where the built-in default stands."""

    value: Any
    level: Level | None


def resolve(tiers: Iterable[TierLike]) -> dict[str, Resolved]:
    """Every field with the value that holds for one user on one surface, given all tiers that cover them."""
    covering = sorted(tiers, key=lambda tier: LEVELS.index(tier.level))
    return {field: _resolved(field, covering) for field in FIELDS}


def limits_of(tiers: Iterable[TierLike]) -> Limits:
    """The limits that hold, given all tiers that cover a user on a surface."""
    found = resolve(tiers)
    return Limits(**{field: resolved.value for field, resolved in found.items()})


def check_level(level: Level, fields: Iterable[str]) -> None:
    """Raises `SettingRefused` for a field that a tier of this level may not set."""
    for field in fields:
        if field not in FIELDS:
            raise SettingRefused(field, f"A tier has no setting {field[:60]!r}.")
        if field not in MAY_SET[level]:
            whose = {"surface": "a surface", "user": "a user", "surface_user": "a user on a surface"}[level]
            raise SettingRefused(field, f"{_named(field)} cannot be set for {whose}; the tenant's tier sets it.")


def check_order(changed: Iterable[str], limits: Limits) -> None:
    """Raises `SettingRefused` where a changed amount could never be reached, since a wider one is smaller.

    Only what is narrower is blamed: lowering a wide limit in an emergency must always be possible.
    """
    wider = {
        "run_nanos": ("surface_day_nanos", "tenant_day_nanos", "tenant_month_nanos"),
        "session_nanos": ("tenant_month_nanos",),
        "user_day_nanos": ("tenant_day_nanos", "tenant_month_nanos"),
        "surface_day_nanos": ("tenant_day_nanos", "tenant_month_nanos"),
        "tenant_day_nanos": ("tenant_month_nanos",),
    }
    for field in changed:
        for outer in wider.get(field, ()):
            inner_nanos, outer_nanos = getattr(limits, field), getattr(limits, outer)
            if inner_nanos is not None and outer_nanos is not None and inner_nanos > outer_nanos:
                wider_limit = f"{NAMES[outer]} of {format_usd(outer_nanos)}"
                raise SettingRefused(field, f"This is more than {wider_limit}; raise that first.")


NAMES = {
    "run_nanos": "the limit of a run",
    "session_nanos": "the limit of a session",
    "user_day_nanos": "the daily limit of a user",
    "surface_day_nanos": "the surface's daily limit",
    "tenant_day_nanos": "the tenant's daily limit",
    "tenant_month_nanos": "the tenant's monthly limit",
    "thresholds": "where people are told",
}


def _named(field: str) -> str:
    name = NAMES.get(field, field)
    return name[0].upper() + name[1:]


def _resolved(field: str, covering: Sequence[TierLike]) -> Resolved:
    for tier in covering:
        if field in tier.own.model_fields_set:
            return Resolved(getattr(tier.own, field), tier.level)
    return Resolved(getattr(Limits(), field), None)


def _sentence(field: str, kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return f"A tier has no setting {field[:60]!r}."
    return f"{message}."
