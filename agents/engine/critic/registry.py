"""Checks by name: a small function with typed settings each, ours or an operator's own."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from itertools import islice
from typing import Any, TypeVar, get_type_hints

from pydantic import BaseModel, ConfigDict

from agents.contracts.specs import CheckSpec
from agents.contracts.verdicts import Issue, Verdict


@dataclass(frozen=True, slots=True)
class Draft:
    """What a check may look at: the text, the numbers of the sources that were really read, and the calls answered."""

    text: str
    source_numbers: frozenset[int]
    calls_answered: int = 0


class Settings(BaseModel):
    """Base of a check's settings: typed and closed, so that a misspelt one is an error and not ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Problems = Iterable[str]
Judge = Callable[[Draft, Any], Problems]
SettingsType = TypeVar("SettingsType", bound=Settings)
_CHECKS: dict[str, tuple[type[Settings], Judge]] = {}
MOST_PROBLEMS, MOST_PROBLEM_CHARACTERS = 10, 600


class UnknownCheck(ValueError):
    """An agent names a check that is not registered, or code that is no check."""


def check(
    name: str, settings: type[SettingsType]
) -> Callable[[Callable[[Draft, SettingsType], Problems]], Callable[[Draft, SettingsType], Problems]]:
    """Register a check: a function from a draft and its settings to what is wrong, in words that help to mend it."""

    def register(
        function: Callable[[Draft, SettingsType], Problems],
    ) -> Callable[[Draft, SettingsType], Problems]:
        _CHECKS[name] = (settings, function)
        return function

    return register


def names() -> list[str]:
    """The registered checks."""
    return sorted(_CHECKS)


def prepared(spec: CheckSpec) -> tuple[Judge, Settings]:
    """A check's function and its settings; ``package.module:function`` names one of the operator's own.

    Raises UnknownCheck, or pydantic.ValidationError for bad settings.
    """
    if ":" in spec.check:
        settings, function = own_check(spec.check)
    elif spec.check in _CHECKS:
        settings, function = _CHECKS[spec.check]
    else:
        own = "package.module:function names one of your own"
        raise UnknownCheck(f"no critic check is called {spec.check!r}; known are {', '.join(names())}; {own}")
    return function, settings.model_validate(spec.settings)


@lru_cache(maxsize=256)
def own_check(target: str) -> tuple[type[Settings], Judge]:
    """An operator's own check: ``(draft: Draft, settings: <a subclass of Settings>) -> Iterable[str]``."""
    module, _, name = target.partition(":")
    try:
        function = getattr(import_module(module), name)
        hints = [hint for argument, hint in get_type_hints(function).items() if argument != "return"]
    except Exception as error:  # whatever that module does when it is imported is for its author to read
        raise UnknownCheck(f"the check {target} cannot be loaded: {type(error).__name__}: {error}") from error
    if len(hints) != 2 or hints[0] is not Draft or not (isinstance(hints[1], type) and issubclass(hints[1], Settings)):
        raise UnknownCheck(f"{target} is no check: it must take a Draft and its own class of Settings")
    return hints[1], function


def run_check(spec: CheckSpec, draft: Draft) -> list[Issue]:
    """One check's issues. A check that breaks lets nothing through: nobody knows what it would have said.

    Raises UnknownCheck, or pydantic.ValidationError for bad settings.
    """
    function, settings = prepared(spec)
    try:
        found = [cut(str(text)) for text in islice(function(draft, settings), MOST_PROBLEMS)]
    except Exception as error:
        found = [cut(f"The check {spec.check} broke: {type(error).__name__}: {error}")]
    return [Issue(check=spec.check, text=text or "It is not right.") for text in found]


def cut(text: str) -> str:
    """The head of what a check says."""
    return text[:MOST_PROBLEM_CHARACTERS]


def judge(checks: Iterable[CheckSpec], draft: Draft) -> Verdict:
    """All checks, in their order; every issue is reported, so that one revision can mend them all."""
    issues: list[Issue] = []
    for spec in checks:
        issues += run_check(spec, draft)
    return Verdict(issues=tuple(issues))
