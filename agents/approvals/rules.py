"""When a call needs people, and which: the first rule that fits decides. Pure."""

import fnmatch
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Annotated, Literal

import regex
from jsonpointer import JsonPointer, JsonPointerException
from pydantic import Field, JsonValue, field_validator, model_validator

from agents.contracts.base import Contract, JsonObject
from agents.contracts.specs import ToolSpec
from agents.engine.batch import ApprovalTerms, ApproverRole

Operator = Literal["=", "!=", "<", "<=", ">", ">=", "contains", "matches", "in"]
ORDERED: frozenset[Operator] = frozenset({"<", "<=", ">", ">="})
MOST_CONDITIONS = 10
MOST_PEOPLE = 2
PATTERN_SECONDS = 0.05
"""A pattern that takes longer on a text that an LLM wrote cannot be said to fit or not."""


class Unclear(Exception):
    """A condition that cannot be judged on what came: no number, no text, or a pattern that takes for ever."""


class Condition(Contract):
    """One thing that must hold of a call's arguments; ``argument`` is a JSON Pointer (RFC 6901) into them.

    Amounts are compared as decimal numbers, also those that come as text.
    """

    argument: Annotated[str, Field(max_length=200)]
    is_: Operator = Field(alias="is")
    value: JsonValue

    @field_validator("argument")
    @classmethod
    def _is_a_pointer(cls, argument: str) -> str:
        try:
            JsonPointer(argument)
        except JsonPointerException as error:
            raise ValueError(f"{argument!r} is no JSON Pointer; write /amount, say") from error
        return argument

    @model_validator(mode="after")
    def _value_suits(self) -> "Condition":
        if self.is_ in ORDERED and amount(self.value) is None:
            raise ValueError(f"{self.is_} needs a number")
        if self.is_ == "in" and not isinstance(self.value, list):
            raise ValueError("in needs a list of values")
        if self.is_ == "matches":
            _compiled(self.value)
        return self

    def holds(self, arguments: JsonObject) -> bool:
        """Whether it holds; what is not there is not equal to anything. Raises Unclear."""
        nothing = object()
        came = JsonPointer(self.argument).resolve(arguments, nothing)
        if came is nothing:
            return self.is_ == "!="
        if self.is_ in ORDERED:
            return _in_order(self.is_, came, self.value)
        if self.is_ in ("=", "!="):
            return _same(came, self.value) is (self.is_ == "=")
        if self.is_ == "in":
            return isinstance(self.value, list) and any(_same(came, each) for each in self.value)
        return _found(self.is_, came, self.value)


@dataclass(frozen=True, slots=True)
class Rule:
    """An ``ApprovalRule`` as it is judged. ``people`` 0 lets the call go without asking."""

    id: int | None
    tool: str
    conditions: tuple[Condition, ...]
    people: int
    role: ApproverRole
    expires_seconds: int = 86_400

    def fits(self, tool: str, arguments: JsonObject) -> bool:
        """Whether it speaks of this call. What cannot be judged is asked about, and never let go."""
        if not fnmatch.fnmatchcase(tool, self.tool):
            return False
        return all(self._holds(condition, arguments) for condition in self.conditions)

    def _holds(self, condition: Condition, arguments: JsonObject) -> bool:
        try:
            return condition.holds(arguments)
        except Unclear:
            return self.people > 0

    @property
    def terms(self) -> ApprovalTerms | None:
        if not self.people:
            return None
        return ApprovalTerms(self.people, self.role, self.id, self.expires_seconds)


def terms_for(tool: ToolSpec, arguments: JsonObject, rules: Iterable[Rule]) -> ApprovalTerms | None:
    """Who must say yes to this call: what the first rule that fits says; without one, one approver where the tool asks.

    ``rules`` come in their order.
    """
    for rule in rules:
        if rule.fits(tool.name, arguments):
            return rule.terms
    return ApprovalTerms() if tool.needs_approval else None


def stricter(one: ApprovalTerms, other: ApprovalTerms | None) -> ApprovalTerms:
    """The more people of the two, and the higher role."""
    if other is None:
        return one
    role = max(one.role, other.role, key=RANK.__getitem__)
    return ApprovalTerms(max(one.people, other.people), role, one.rule_id, one.expires_seconds)


RANK: Mapping[ApproverRole, int] = {"operator": 0, "approver": 1, "admin": 2}


def amount(value: JsonValue) -> Decimal | None:
    """A number, or a text that is one, without a detour over floats; None for everything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _in_order(is_: Operator, came: JsonValue, value: JsonValue) -> bool:
    left, right = amount(came), amount(value)
    if left is None or right is None:
        raise Unclear
    return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[is_]


def _same(came: JsonValue, value: JsonValue) -> bool:
    left, right = amount(came), amount(value)
    if left is not None and right is not None:
        return left == right
    return type(came) is type(value) and came == value


def _found(is_: Operator, came: JsonValue, value: JsonValue) -> bool:
    if is_ == "contains" and isinstance(came, list):
        return any(_same(each, value) for each in came)
    if not isinstance(came, str) or not isinstance(value, str):
        raise Unclear
    if is_ == "contains":
        return value.casefold() in came.casefold()
    try:
        return _compiled(value).search(came, timeout=PATTERN_SECONDS) is not None
    except TimeoutError as slow:
        raise Unclear from slow


def _compiled(pattern: JsonValue) -> "regex.Pattern[str]":
    if not isinstance(pattern, str):
        raise ValueError("matches needs a pattern")
    try:
        return regex.compile(pattern)
    except regex.error as error:
        raise ValueError(f"this pattern cannot be read: {error}") from error
