"""What a person made of a call's arguments: checked like the LLM's own, and told in short where they differ."""

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import JsonValue

from agents.contracts.base import JsonObject
from agents.contracts.messages import ToolCall
from agents.contracts.specs import ToolSpec
from agents.engine.guard import call_key
from agents.tools import boundary

MOST_CHANGES = 20
SHOWN_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class Change:
    """One value before and after, by its JSON Pointer; None where there was nothing, or is nothing any more."""

    path: str
    was: JsonValue
    now: JsonValue


@dataclass(frozen=True, slots=True)
class Edit:
    """The arguments that a call goes out with in the place of the LLM's, under a key of their own.

    ``asked_key`` is the key of what the LLM asked for: by that one its repetitions are counted.
    """

    by: str
    arguments: JsonObject
    key: str
    asked_key: str
    changes: tuple[Change, ...]

    @property
    def told(self) -> JsonObject:
        """For the LLM and the trace: who changed what."""
        return {
            "by": self.by,
            "changes": [
                {"argument": change.path, "was": _short(change.was), "now": _short(change.now)}
                for change in self.changes[:MOST_CHANGES]
            ],
            "note": "A person changed the arguments of this call before it was carried out.",
        }


def checked(tool: ToolSpec, call_id: str, arguments: JsonObject) -> tuple[JsonObject, str]:
    """Arguments from a person with the key of the call that they make. Raises boundary.Rejected."""
    call = ToolCall(call_id=call_id, name=tool.name, arguments=arguments)
    valid = boundary.validate(tool, call)
    try:
        return valid, call_key(tool.name, tool.version, valid, tool.volatile)
    except ValueError as error:
        problem: JsonObject = {"path": "", "problem": str(error), "accepted": "numbers that JSON carries exactly"}
        raise boundary.Rejected("invalid_arguments", [problem], "Mend the numbers.") from error


def changes(before: JsonValue, after: JsonValue) -> tuple[Change, ...]:
    """Where two JSON values differ, object by object; a list counts as one value."""
    return tuple(_changes("", before, after))


def _changes(path: str, before: JsonValue, after: JsonValue) -> Iterator[Change]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in [*before, *(name for name in after if name not in before)]:
            step = name.replace("~", "~0").replace("/", "~1")
            yield from _changes(f"{path}/{step}", before.get(name), after.get(name))
    elif type(before) is not type(after) or before != after:
        yield Change(path, before, after)


def _short(value: JsonValue) -> JsonValue:
    text = value if isinstance(value, str) else repr(value)
    return value if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}… ({len(text)} characters)"
