"""The boundary benchmark: how long the arguments of one call are looked at, in this process."""

from __future__ import annotations

import json
import statistics
import time
from typing import Any

from agents.contracts.base import JsonObject
from agents.contracts.messages import ToolCall
from agents.contracts.specs import HttpEndpoint, Implementation, ToolSpec
from agents.tools import boundary
from tests.benchmarks.databases import Databases

NAME = "boundary"
CALLS = 2_000
MOST_MS = 0.3
KINDS: tuple[tuple[JsonObject, str | int | float | bool], ...] = (
    ({"type": "string", "minLength": 1, "maxLength": 80}, "some text"),
    ({"type": "integer", "minimum": 0}, 5),
    ({"type": "string", "enum": ["small", "medium", "large"]}, "medium"),
    ({"type": "boolean"}, True),
    ({"type": "string", "format": "date"}, "2026-11-22"),
)


def order_tool() -> tuple[ToolSpec, ToolCall]:
    """A tool of somebody else's with twenty fields, and a call that fits."""
    named: JsonObject = {}
    arguments: JsonObject = {}
    for number in range(20):
        schema, value = KINDS[number % len(KINDS)]
        named[f"field_{number}"] = {**schema, "description": f"The field {number} of the order."}
        arguments[f"field_{number}"] = value
    parameters: JsonObject = {"type": "object", "properties": named, "required": list(named)}
    link = Implementation(name="there", kind="http", http=HttpEndpoint(url="https://far.example/"))
    tool = ToolSpec(name="order", description="Order.", parameters=parameters, implementations=(link,))
    return tool, ToolCall(call_id="c", name="order", arguments=arguments)


def measure_boundary(calls: int = CALLS) -> dict[str, Any]:
    """Milliseconds for a call that fits, and for one whose every field is wrong, with the complaint written."""
    tool, right = order_tool()
    wrong = wrong_in_every_field(right)
    return {"fits_ms": _timed(tool, right, calls), "wrong_ms": _timed(tool, wrong, max(1, calls // 20))}


def wrong_in_every_field(call: ToolCall) -> ToolCall:
    """The same call with twenty names that the schema does not know."""
    return call.model_copy(update={"arguments": {f"feld_{number}": None for number in range(20)}})


def _timed(tool: ToolSpec, call: ToolCall, times: int) -> dict[str, float]:
    taken = []
    for _ in range(times + 1):
        started = time.perf_counter()
        try:
            boundary.validate(tool, call)
        except boundary.Rejected as rejected:
            json.dumps(rejected.content)
        taken.append((time.perf_counter() - started) * 1_000)
    steady = sorted(taken[1:])  # the first compiles the schema
    return {"p50": statistics.median(steady), "p95": steady[int(len(steady) * 0.95)], "first": taken[0]}


def boundary_table(databases: Databases, calls: int = CALLS) -> tuple[str, dict[str, Any]]:
    """The table, and the raw figures; nothing is stored."""
    del databases
    found = measure_boundary(calls)
    fits, wrong = found["fits_ms"], found["wrong_ms"]
    met = fits["p50"] < MOST_MS
    lines = [
        "Boundary, one call against a schema of 20 fields",
        f"  {'met   ' if met else 'MISSED'}  fits: p50 {fits['p50']:.3f} ms, p95 {fits['p95']:.3f} ms "
        f"(p50 under {MOST_MS:g} ms); the first, which compiles, {fits['first']:.1f} ms",
        f"          every field wrong, with the complaint: p50 {wrong['p50']:.3f} ms",
    ]
    return "\n".join(lines), {**found, "met": met}
