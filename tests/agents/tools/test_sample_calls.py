"""150 public schemas with a right call each, where they are at hand: accepted, and each mutation of it refused."""

import copy
import gzip
import json
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import cast

import pytest
from pydantic import JsonValue

from agents.contracts.base import JsonObject
from agents.contracts.messages import ToolCall
from agents.contracts.specs import ToolSpec
from agents.tools import boundary
from agents.tools.schema import check_schema
from tests.agents.tools.schemas import ALL, foreign_tool

ROOT = Path(__file__).resolve().parents[3]
SAMPLES = Path(os.environ.get("WATCHFLOOR_SAMPLES") or ROOT.parent / "shared" / "samples") / "tool_calls.jsonl.gz"
Sample = tuple[dict[str, ToolSpec], ToolCall]
Place = tuple[str | int, ...]
Mutation = tuple[str, JsonObject, str]
OTHER: dict[str, JsonValue] = {
    "string": 12345,
    "integer": "5",
    "number": "5.5",
    "boolean": "yes",
    "array": "[]",
    "object": "{}",
}


@cache
def samples() -> dict[str, Sample]:
    """The public calls, and our own, which are there in any case."""
    found = {
        f"own {name}": ({"far": foreign_tool(schema)}, ToolCall(call_id="c", name="far", arguments=call))
        for name, (schema, call) in ALL.items()
    }
    if SAMPLES.exists():
        with gzip.open(SAMPLES, "rt") as lines:
            found |= {row["id"]: _sample(row) for row in map(json.loads, lines)}
    return found


def _sample(row: dict[str, JsonValue]) -> Sample:
    functions, call = row["functions"], row["call"]
    assert isinstance(functions, list)
    assert isinstance(call, dict)
    tools = [
        foreign_tool(cast(JsonObject, each["parameters"]), name=str(each["name"]))
        for each in functions
        if isinstance(each, dict)
    ]
    arguments = call["arguments"]
    assert isinstance(arguments, dict)
    return {tool.name: tool for tool in tools}, ToolCall(call_id="c", name=str(call["name"]), arguments=arguments)


def refusal(tools: dict[str, ToolSpec], call: ToolCall) -> tuple[str, set[str]]:
    """The type of the error and the paths; ("", {}) when the call passes."""
    try:
        boundary.validate(boundary.find(call.name, tools), call)
    except boundary.Rejected as error:
        rejected = error
    else:
        return "", set()
    assert len(json.dumps(rejected.content)) <= boundary.MOST_BYTES
    return rejected.error_type, {str(field["path"]) for field in rejected.fields}


def mutations(schema: JsonObject, arguments: JsonObject) -> Iterator[Mutation]:
    """One thing wrong each, with the path that must be named: at the top, and in objects and lists inside."""
    for place, below, value in _objects(schema, arguments, ()):
        yield from _of_object(place, below, value, arguments)


def _objects(schema: JsonValue, value: JsonValue, place: Place) -> Iterator[tuple[Place, JsonObject, JsonObject]]:
    if not isinstance(schema, dict):
        return
    if isinstance(value, dict) and isinstance(named := schema.get("properties"), dict):
        yield place, schema, value
        for name, child in value.items():
            yield from _objects(named.get(name), child, (*place, name))
    if isinstance(value, list):
        for number, child in enumerate(value):
            yield from _objects(schema.get("items"), child, (*place, number))


def _of_object(place: Place, schema: JsonObject, value: JsonObject, whole: JsonObject) -> Iterator[Mutation]:
    named, needed = schema.get("properties"), schema.get("required", [])
    assert isinstance(named, dict)
    assert isinstance(needed, list)
    for name in value:
        below = named.get(name)
        if isinstance(below, dict):
            if (kind := str(below.get("type"))) in OTHER:
                yield "type", changed(whole, place, {name: OTHER[kind]}), path(place, name)
            if isinstance(below.get("enum"), list):
                yield "enum", changed(whole, place, {name: "no such choice"}), path(place, name)
        if name in needed:
            yield "required", changed(whole, place, {}, without=name), path(place, name)
    yield "extra field", changed(whole, place, {"field_of_my_own": 1}), path(place, "field_of_my_own")


def path(place: Place, name: str) -> str:
    return ".".join(map(str, (*place, name)))


def changed(whole: JsonObject, place: Place, change: JsonObject, *, without: str = "") -> JsonObject:
    """A copy of the arguments with one object in it changed."""
    copied = copy.deepcopy(whole)
    inner: JsonValue = copied
    for step in place:
        inner = inner[step]  # type: ignore[index]  # the place was walked to before
    assert isinstance(inner, dict)
    inner.update(change)
    inner.pop(without, None)
    return copied


@pytest.mark.parametrize("name", samples())
def test_the_right_call_is_accepted(name: str) -> None:
    tools, call = samples()[name]
    for tool in tools.values():
        check_schema(tool.parameters)
    assert refusal(tools, call) == ("", set())


@pytest.mark.parametrize("name", samples())
def test_each_mutation_is_refused_at_the_right_path(name: str) -> None:
    tools, call = samples()[name]
    assert call.arguments is not None
    made = list(mutations(tools[call.name].parameters, call.arguments))
    assert made
    for kind, arguments, place in made:
        error_type, paths = refusal(tools, call.model_copy(update={"arguments": arguments}))
        assert (error_type, place in paths) == ("invalid_arguments", True), (kind, place, paths)


@pytest.mark.parametrize("name", samples())
def test_an_unknown_tool_is_refused_with_the_right_name(name: str) -> None:
    tools, call = samples()[name]
    with pytest.raises(boundary.Rejected) as rejected:
        boundary.find(f"{call.name}s", tools)
    assert rejected.value.error_type == "unknown_tool"
    assert "Did you mean" in rejected.value.hint


def test_the_public_samples_are_all_here() -> None:
    if not SAMPLES.exists():
        pytest.skip("the recorded samples are not at hand")
    assert len(samples()) == 150 + len(ALL)
