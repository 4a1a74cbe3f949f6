"""Tools that the tests run for real: in a child process when they block, on the loop when they wait."""

import asyncio
import os
import sys
import time

from pydantic import JsonValue

from agents.contracts.calls import Call, NotSent, ToolRefusal
from agents.tools.define import Arguments


class Asked(Arguments):
    """What the tool shall do."""

    text: str = ""
    seconds: float = 0.0


def echo(arguments: Asked, call: Call) -> JsonValue:
    """Says what it was told, and where it ran."""
    return {"text": arguments.text, "key": call.key, "process": os.getpid()}


def noisy(arguments: Asked, call: Call) -> JsonValue:
    """Prints where the answers go."""
    del call
    print('{"ok": "not the answer"}')
    sys.stdout.flush()
    os.write(1, b'{"ok": "not the answer either"}\n')
    return arguments.text


def refuse(arguments: Asked, call: Call) -> JsonValue:
    """Refuses."""
    del call
    raise ToolRefusal(f"There is no {arguments.text}.")


def fail(arguments: Asked, call: Call) -> JsonValue:
    """Breaks."""
    del arguments, call
    raise KeyError("broken")


def die(arguments: Asked, call: Call) -> JsonValue:
    """Takes its process with it."""
    del arguments, call
    os._exit(3)


def block(arguments: Asked, call: Call) -> JsonValue:
    """Tells where it runs, then blocks."""
    del call
    with open(arguments.text, "w", encoding="ascii") as file:
        file.write(f"{os.getpid()}\n")
    time.sleep(arguments.seconds)
    return "late"


def unspeakable(arguments: Asked, call: Call) -> JsonValue:
    """Says what JSON cannot carry."""
    del arguments, call
    return float("nan")


def large(arguments: Asked, call: Call) -> JsonValue:
    """Says a lot."""
    del call
    return arguments.text * 300_000


async def wait(arguments: Asked, call: Call) -> JsonValue:
    """Waits on the loop."""
    del call
    await asyncio.sleep(arguments.seconds)
    return {"text": arguments.text, "process": os.getpid()}


async def fail_later(arguments: Asked, call: Call) -> JsonValue:
    """Breaks on the loop."""
    del call
    await asyncio.sleep(0)
    raise KeyError(arguments.text)


async def refuse_later(arguments: Asked, call: Call) -> JsonValue:
    """Refuses on the loop."""
    del call
    await asyncio.sleep(0)
    raise ToolRefusal(f"There is no {arguments.text}.")


def unconnected(arguments: Asked, call: Call) -> JsonValue:
    """Finds nobody to send to."""
    del call
    raise NotSent(f"nobody answers at {arguments.text}")


async def unconnected_later(arguments: Asked, call: Call) -> JsonValue:
    """Finds nobody to send to, on the loop."""
    del call
    await asyncio.sleep(0)
    raise NotSent(f"nobody answers at {arguments.text}")


async def unspeakable_later(arguments: Asked, call: Call) -> JsonValue:
    """Says on the loop what JSON cannot carry."""
    del arguments, call
    return float("inf")


def enormous(arguments: Asked, call: Call) -> JsonValue:
    """Says 50 MB."""
    del call
    return arguments.text * (50_000_000 // len(arguments.text))


def enormous_object(arguments: Asked, call: Call) -> JsonValue:
    """Says 20 MB in parts."""
    del call
    return {"parts": [arguments.text * 1_000] * (20_000 // len(arguments.text))}


async def enormous_later(arguments: Asked, call: Call) -> JsonValue:
    """Says 3 MB on the loop."""
    await asyncio.sleep(0)
    del call
    return arguments.text * (3_000_000 // len(arguments.text))
