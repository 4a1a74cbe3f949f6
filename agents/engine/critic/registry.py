"""Checks by name: a small function with typed settings each."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

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
SettingsType = TypeVar("SettingsType", bound=Settings)
_CHECKS: dict[str, tuple[type[Settings], Callable[[Draft, Any], Problems]]] = {}


class UnknownCheck(ValueError):
    """An agent names a check that is not registered."""


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


def run_check(spec: CheckSpec, draft: Draft) -> list[Issue]:
    """One check's issues. Raises UnknownCheck, or pydantic.ValidationError for bad settings."""
    if spec.check not in _CHECKS:
        raise UnknownCheck(f"no critic check is called {spec.check!r}; known are {', '.join(sorted(_CHECKS))}")
    settings, function = _CHECKS[spec.check]
    return [Issue(check=spec.check, text=text) for text in function(draft, settings(**spec.settings))]


def judge(checks: Iterable[CheckSpec], draft: Draft) -> Verdict:
    """All checks, in their order; every issue is reported, so that one revision can mend them all."""
    issues: list[Issue] = []
    for spec in checks:
        issues += run_check(spec, draft)
    return Verdict(issues=tuple(issues))
