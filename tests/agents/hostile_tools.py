"""Tools that say whatever they are asked to, from the worker's own process and from a child."""

from collections.abc import Callable, Iterable
from typing import cast

from pydantic import JsonValue

from agents.contracts.calls import Call, ToolRefusal
from agents.contracts.specs import ToolSpec
from agents.tools.define import Arguments, python_tool
from tests.agents.hostile import OUTPUTS, TEXTS


class Wanted(Arguments):
    """Which of the table's entries."""

    entry: str


class Said(Arguments):
    """A text."""

    text: str


async def give(arguments: Wanted, call: Call) -> JsonValue:
    """An output of the table."""
    del call
    return cast(JsonValue, OUTPUTS[arguments.entry])  # half of them are no JSON, that is the point


def give_in_child(arguments: Wanted, call: Call) -> JsonValue:
    """The same from a child process."""
    del call
    return cast(JsonValue, OUTPUTS[arguments.entry])


def deep_in_child(arguments: Wanted, call: Call) -> JsonValue:
    """So many lists in each other: a child may be able to write what its parent cannot read."""
    del call
    value: JsonValue = 1
    for _ in range(int(arguments.entry)):
        value = [value]
    return value


async def tell(arguments: Wanted, call: Call) -> JsonValue:
    """A text of the table."""
    del call
    return TEXTS[arguments.entry]


def tell_in_child(arguments: Wanted, call: Call) -> JsonValue:
    """The same from a child process."""
    del call
    return TEXTS[arguments.entry]


async def fail(arguments: Wanted, call: Call) -> JsonValue:
    """Fails with a text of the table."""
    del call
    raise RuntimeError(TEXTS[arguments.entry])


def fail_in_child(arguments: Wanted, call: Call) -> JsonValue:
    """The same in a child process."""
    del call
    raise RuntimeError(TEXTS[arguments.entry])


async def refuse(arguments: Wanted, call: Call) -> JsonValue:
    """Refuses with a text of the table."""
    del call
    raise ToolRefusal(TEXTS[arguments.entry])


def refuse_in_child(arguments: Wanted, call: Call) -> JsonValue:
    """The same in a child process."""
    del call
    raise ToolRefusal(TEXTS[arguments.entry])


async def echo(arguments: Said, call: Call) -> JsonValue:
    """What it was told."""
    del call
    return {"said": arguments.text, arguments.text: 1}


def by_name(names: Iterable[str], *functions: Callable[..., object]) -> dict[str, ToolSpec]:
    """A tool for each name and function: one that has failed is not called again in its run."""
    return {
        f"{function.__name__}_{number}": python_tool(f"{function.__name__}_{number}", [function], description="Does.")
        for function in functions
        for number, _ in enumerate(names)
    }


GIVING = by_name(OUTPUTS, give, give_in_child)
TELLING = by_name(TEXTS, tell, tell_in_child, fail, fail_in_child, refuse, refuse_in_child)
DEEP = python_tool("deep_in_child", [deep_in_child], description="Gives.")
ECHO = python_tool("echo", [echo], description="Echoes.")
SEND = python_tool("send", [echo], description="Sends.", effect="keyed", dedupe_seconds=60)
PAY = python_tool("pay", [echo], description="Pays.", effect="keyed", needs_approval=True)
