"""The settings of a tier as people know them: their names, how a value reads, and how one is typed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from budgets.money import exact_usd, format_usd, parse_usd
from budgets.tier_settings import Level
from console.live.figures import duration

Kind = Literal["usd", "count", "seconds", "patterns", "llm", "at_cap", "percents"]

MOST_COUNT = 1_000_000
MOST_PATTERNS = 50
MOST_PERCENTS = 10
LLM_CHARACTERS = 200
AT_CAP = {"stop": "stop", "pause": "pause and ask"}


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting; `none` is the word for having none of it, where that is possible."""

    name: str
    label: str
    column: str
    hint: str
    kind: Kind
    none: str = ""

    def words(self, value: Any) -> str:
        """A value as people read it."""
        return _WORDS[self.kind](value) or self.none

    def typed(self, value: Any) -> str:
        """A value as one would type it."""
        return _TYPED.get(self.kind, str)(value)

    def shown(self, settings: Mapping[str, Any]) -> tuple[str, str]:
        """How the form shows it: whether the tier inherits it, sets its own or none, and the text of its own."""
        if self.name not in settings:
            return "inherit", ""
        value = settings[self.name]
        return ("none", "") if self.none and value in (None, "", []) else ("own", self.typed(value))

    def read(self, text: str) -> Any:
        """The value of what somebody typed. Raises ValueError with a sentence that helps."""
        return _READ[self.kind](text.strip())


GROUPS: Sequence[tuple[str, Sequence[Setting]]] = (
    (
        "Money",
        (
            Setting("run_nanos", "A run", "Run", "The cap of each run.", "usd", "no limit"),
            Setting("session_nanos", "A session", "Session", "All runs of one session.", "usd", "no limit"),
            Setting("user_day_nanos", "A user a day", "User day", "On all surfaces.", "usd", "no limit"),
            Setting("surface_day_nanos", "A surface a day", "Surface day", "All its runs.", "usd", "no limit"),
            Setting("tenant_day_nanos", "The tenant a day", "Tenant day", "All runs there are.", "usd", "no limit"),
            Setting("tenant_month_nanos", "The tenant a month", "Month", "All runs there are.", "usd", "no limit"),
        ),
    ),
    (
        "Work",
        (
            Setting("max_turns", "Turns of a run", "Turns", "Answers of the LLM.", "count"),
            Setting("max_seconds", "Seconds of a run", "Time", "Waiting for people does not count.", "seconds"),
            Setting("parallel_runs", "Runs at once", "At once", "Waiting ones do not count.", "count"),
            Setting("launches_per_minute", "Launches a minute", "A minute", "Further ones are refused.", "count"),
        ),
    ),
    (
        "At the cap",
        (
            Setting("at_cap", "A run at its cap", "At the cap", "It keeps its place when it pauses.", "at_cap"),
            Setting(
                "cheaper_llm", "First goes on with", "Cheaper LLM", "An LLM that costs less.", "llm", "no other LLM"
            ),
            Setting("allowed_llms", "Allowed LLMs", "LLMs", "Patterns, one a line: openai:*", "patterns", "all"),
            Setting(
                "thresholds",
                "People are told at",
                "Told at",
                "Percent of a day's or month's limit.",
                "percents",
                "nobody is told",
            ),
        ),
    ),
)
SETTINGS: Mapping[str, Setting] = {setting.name: setting for _, group in GROUPS for setting in group}

SOURCES: Mapping[Level | None, str] = {
    "tenant": "tenant",
    "surface": "surface",
    "user": "user",
    "surface_user": "user here",
    None: "built in",
}
"""Whose tier a value comes from, in a word."""


def _usd_words(value: int | None) -> str:
    return "" if value is None else format_usd(value)


def _whole(text: str) -> int:
    if not text:
        raise ValueError("Write a whole number, 1 or more.")
    if not (text.isascii() and text.isdigit()):
        raise ValueError("Write a whole number in digits only, for example 40.")
    number = int(text) if len(text.lstrip("0")) <= len(str(MOST_COUNT)) else MOST_COUNT + 1
    if number < 1:
        raise ValueError("With 0 no run could do anything: write 1 or more.")
    if number > MOST_COUNT:
        raise ValueError(f"{MOST_COUNT:,} is the most.")
    return number


def _patterns(text: str) -> list[str]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        raise ValueError("Write at least one pattern, one a line; * allows every LLM.")
    if len(lines) > MOST_PATTERNS:
        raise ValueError(f"Write at most {MOST_PATTERNS} patterns; openai:* stands for all of a vendor.")
    for line in lines:
        _check_reference(line, "a pattern is vendor:name, such as openai:* or openai:gpt-6-luna")
    return lines


def _llm(text: str) -> str:
    if not text:
        raise ValueError("Write vendor:name, such as openai:gpt-6-luna.")
    _check_reference(text, "an LLM is vendor:name, such as openai:gpt-6-luna")
    return text


def _check_reference(text: str, advice: str) -> None:
    fits = text == "*" or (":" in text and text.isprintable() and not any(char.isspace() for char in text))
    if not fits or len(text) > LLM_CHARACTERS:
        raise ValueError(f"“{text[:60]}”: {advice}.")


def _at_cap(text: str) -> str:
    if text not in AT_CAP:
        raise ValueError("Choose what happens at the cap.")
    return text


def _percents(text: str) -> list[int]:
    parts = text.replace("%", " ").replace(",", " ").split()
    if not parts or len(parts) > MOST_PERCENTS:
        raise ValueError(f"Write one to {MOST_PERCENTS} percentages, such as 50, 80, 100.")
    if not all(part.isascii() and part.isdigit() and len(part) <= 3 and 1 <= int(part) <= 100 for part in parts):
        raise ValueError("Write whole percentages from 1 to 100, such as 50, 80, 100.")
    return sorted({int(part) for part in parts})


_WORDS: Mapping[Kind, Callable[[Any], str]] = {
    "usd": _usd_words,
    "count": "{:,}".format,
    "seconds": lambda seconds: duration(seconds * 1000).removesuffix(" 00s"),
    "patterns": ", ".join,
    "llm": str,
    "at_cap": lambda value: AT_CAP[value],
    "percents": lambda shares: ", ".join(map(str, shares)) + " %" if shares else "",
}
_TYPED: Mapping[Kind, Callable[[Any], str]] = {
    "usd": exact_usd,
    "patterns": "\n".join,
    "percents": lambda shares: ", ".join(map(str, shares)),
}
_READ: Mapping[Kind, Callable[[str], Any]] = {
    "usd": parse_usd,
    "count": _whole,
    "seconds": _whole,
    "patterns": _patterns,
    "llm": _llm,
    "at_cap": _at_cap,
    "percents": _percents,
}
