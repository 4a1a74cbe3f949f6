"""What is hostile, in a call or in the schema of somebody's tool, is refused within a bound of work, not followed."""

import random
import time
from collections.abc import Callable

import pytest
from pydantic import JsonValue

from agents.contracts.base import JsonObject
from agents.contracts.messages import ToolCall
from agents.contracts.specs import MemoryLimits, ToolSpec
from agents.llms.arguments import parsed_call
from agents.tools import boundary, patterns
from agents.tools.schema import MOST_SCHEMA_CHARACTERS, UnusableSchema, check_schema
from tests.agents.engine.doubles import asks, says
from tests.agents.engine.world import World, spec_of
from tests.agents.tools.schemas import FLAT, FLAT_CALL, NESTED, foreign_tool, rejection, wrong_fields

PATIENCE_SECONDS = 10
"""Of this thread on a processor: far more than any of these needs, and far less than what is unbounded."""


def nested(levels: int, *, in_objects: bool = True) -> JsonValue:
    """A value in a value in a value."""
    deep: JsonValue = 1
    for _ in range(levels):
        deep = {"a": deep} if in_objects else [deep]
    return deep


def deep_schema(levels: int) -> JsonObject:
    """A schema in a schema in a schema."""
    schema: JsonObject = {"type": "object"}
    for _ in range(levels):
        schema = {"type": "object", "properties": {"a": schema}}
    return schema


def widening(levels: int) -> JsonObject:
    """Each of its parts refers twice to the next: 2^levels ways through it."""
    parts: JsonObject = {
        f"p{n}": {"anyOf": [{"$ref": f"#/$defs/p{n + 1}"}, {"$ref": f"#/$defs/p{n + 1}"}]} for n in range(levels)
    }
    return {"$defs": {**parts, f"p{levels}": {"type": "string"}}, "properties": {"it": {"$ref": "#/$defs/p0"}}}


@pytest.mark.parametrize("in_objects", [True, False])
@pytest.mark.parametrize("levels", [150, 900, 10_000])
def test_arguments_that_are_nested_without_end_are_refused(levels: int, in_objects: bool) -> None:
    told = wrong_fields(NESTED, {"order": nested(levels, in_objects=in_objects)})
    assert "nested" in str(told[""]["problem"])


def test_a_megabyte_of_arguments_is_refused_and_the_run_goes_on() -> None:
    large = ToolCall(call_id="c1", name="look_up", arguments={"text": "tea" * 350_000})
    roomy = MemoryLimits(hard_tokens=10**6, soft_tokens=10**6)
    world = World([asks(large), says("Then without.")], spec_of(memory=roomy))
    assert world.start().state == "completed"
    assert "characters" in str(world.content()["fields"])
    assert world.tools.invoked == []
    rejected = world.journal.kinds("call.rejected")
    assert len(rejected) == 1
    assert len(str(rejected[0].data)) < 5_000, "the trace has the head of it"


@pytest.mark.parametrize("levels", [150, 10_000])
def test_many_levels_in_a_call_are_in_the_trace_and_end_no_run(levels: int) -> None:
    raw = '{"text": ' + '{"a": ' * levels + "1" + "}" * levels + "}"
    world = World([asks(parsed_call("c1", "look_up", raw, whole=True)), says("Then without.")], spec_of())
    assert world.start().state == "completed"
    assert world.journal.kinds("call.rejected")[0].data["error_type"] == "invalid_arguments"


UNUSABLE: dict[str, JsonObject] = {
    "very deep": deep_schema(10_000),
    "huge enum": {"properties": {"it": {"enum": [f"value {n}" for n in range(100_000)]}}},
    "elsewhere": {"properties": {"it": {"$ref": "https://elsewhere.example/schema.json"}}},
    "no such part": {"properties": {"it": {"$ref": "#/$defs/nothing"}}},
    "looks ahead": {"properties": {"it": {"pattern": "(?=a)b"}}},
    "no type": {"properties": {"it": {"type": "text"}}},
    "no schema": {"properties": {"it": 5}},
    "no list": {"required": 5},
}
UNWRITABLE: dict[str, JsonObject] = {
    **UNUSABLE,
    "deep": deep_schema(100),
    "large enum": {"properties": {"it": {"enum": list(range(5_000))}}},
    "a file": {"properties": {"it": {"$ref": "file:///etc/passwd"}}},
    "no pattern": {"properties": {"it": {"pattern": "("}}},
    "back reference": {"patternProperties": {"(a)\\1": {}}},
    "long pattern": {"properties": {"it": {"pattern": "a" * 5_000}}},
    "large pattern": {"properties": {"it": {"pattern": "(?:(?:a{1000}){1000}){1000}"}}},
    "no fields": {"properties": ["it"]},
}


@pytest.mark.parametrize("name", UNWRITABLE)
def test_a_schema_that_cannot_be_checked_with_is_refused_when_it_is_written(name: str) -> None:
    started = time.thread_time()
    with pytest.raises(UnusableSchema):
        check_schema(UNWRITABLE[name])
    assert time.thread_time() - started < PATIENCE_SECONDS


@pytest.mark.parametrize("name", UNUSABLE)
def test_a_tool_that_has_one_all_the_same_is_unusable(name: str) -> None:
    content = rejection(UNUSABLE[name], {"it": "value"})
    assert content is not None
    assert content["error_type"] == "unusable_tool"
    assert "Go on without it." in str(content["hint"])


def test_an_unusable_tool_is_in_the_trace_and_ends_no_run() -> None:
    tool = foreign_tool(UNUSABLE["looks ahead"])
    call = ToolCall(call_id="c1", name="far", arguments={"it": "value"})
    world = World([asks(call), says("Then without.")], spec_of(tools=(tool,)))
    assert world.start().state == "completed"
    assert world.journal.kinds("call.rejected")[0].data["error_type"] == "unusable_tool"


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"allOf": [{"$ref": "#"}]},
        {
            "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}},
            "properties": {"it": {"$ref": "#/$defs/a"}},
        },
        {"anyOf": [{"not": {"$ref": "#"}}]},
        widening(40),
        {**widening(40), "unevaluatedProperties": False},
    ],
    ids=["itself", "all of itself", "a circle", "not itself", "widening", "widening and closed"],
)
def test_a_schema_that_leads_nowhere_new_ends(schema: JsonObject) -> None:
    started = time.thread_time()
    content = rejection(schema, {"it": 5})
    assert content is not None
    assert "more work than is allowed" in str(content["fields"])
    assert time.thread_time() - started < PATIENCE_SECONDS


@pytest.mark.parametrize(
    "pattern", ["^(a+)+$", "^(a|aa)*$", "^(a|a?)+$", "^([a-z]+[0-9]*)*$", "^(.*a){25}$", "(x+x+)+y", "^(((a+)+)+)+$"]
)
@pytest.mark.parametrize("where", ["value", "name"])
def test_a_pattern_that_would_be_tried_for_ever_elsewhere_takes_no_time(pattern: str, where: str) -> None:
    hostile = "a" * 50_000 + "!"
    started = time.thread_time()
    if where == "value":
        told = wrong_fields({"properties": {"it": {"pattern": pattern}}}, {"it": hostile})
    else:
        told = wrong_fields({"patternProperties": {pattern: {}}, "unevaluatedProperties": False}, {hostile: 1})
    assert told
    assert time.thread_time() - started < PATIENCE_SECONDS


def test_patterns_of_other_languages_are_read_as_they_are_meant() -> None:
    assert patterns.occurs("^[\\u4e00-\\u9fff]+$", "\u4e00\u4e8c")
    assert patterns.occurs("^\\p{L}+$", "äö")
    assert not patterns.occurs("^\\d+$", "\u0663")
    assert not patterns.occurs("^a$", "a\n")
    assert not patterns.occurs("a", "a\ud800")


def test_many_alternatives_for_a_large_value_end_before_they_fill_the_memory() -> None:
    alternatives: list[JsonValue] = [{"type": "null"}] * 1_900
    schema: JsonObject = {"properties": {"it": {"anyOf": alternatives}}}
    content = rejection(schema, {"it": ["x" * 150_000]})
    assert content is not None
    assert "more work than is allowed" in str(content["fields"])


def test_a_large_call_that_is_plain_is_accepted() -> None:
    lines: list[JsonValue] = [{"sku": f"A{n}", "count": n} for n in range(1, 1_000)]
    assert rejection(NESTED, {"order": {"lines": lines}}) is None


def test_schemas_put_together_at_random_end_in_a_word_about_the_call() -> None:
    dice = random.Random(20261122)
    for _ in range(300):
        schema, call = {**random_schema(dice, 4), "type": "object"}, {"a": random_value(dice, 3), "b": dice.random()}
        tool, asked = foreign_tool(schema), ToolCall(call_id="c", name="far", arguments=call)
        assert judged(tool, asked) in ("accepted", "invalid_arguments", "unusable_tool")


def judged(tool: ToolSpec, call: ToolCall) -> str:
    """What becomes of a call, in a word."""
    try:
        boundary.validate(tool, call)
    except boundary.Rejected as rejected:
        return rejected.error_type
    return "accepted"


def random_schema(dice: random.Random, levels: int) -> JsonObject:
    """Mostly a schema; now and then what is none."""

    leaves: list[JsonValue] = [True, False, {}, {"type": "string"}]
    types: list[JsonValue] = ["string", "integer", "object", ["object", "null"], "nonsense"]

    def inside() -> JsonValue:
        return random_schema(dice, levels - 1) if levels else dice.choice(leaves)

    makers: dict[str, Callable[[], JsonValue]] = {
        "type": lambda: dice.choice(types),
        "properties": lambda: {name: inside() for name in dice.sample("abc", 2)},
        "required": lambda: list(dice.sample("abc", 1)),
        "patternProperties": lambda: {dice.choice(["^a", "b$", "("]): inside()},
        "enum": lambda: [1, "a", None],
        "$ref": lambda: dice.choice(["#", "#/properties/a", "#/nowhere"]),
        "dependentSchemas": lambda: {"a": inside()},
        "uniqueItems": lambda: True,
        "format": lambda: "date",
        "minimum": lambda: dice.choice([1, "one"]),
        **dict.fromkeys(("anyOf", "oneOf", "allOf"), lambda: [inside(), inside()]),
        **dict.fromkeys(("items", "not", "if", "then", "additionalProperties", "unevaluatedProperties"), inside),
    }
    return {name: makers[name]() for name in dice.sample(list(makers), dice.randint(1, 4))}


def random_value(dice: random.Random, levels: int) -> JsonValue:
    """Any JSON."""
    if not levels or dice.random() < 0.3:
        return dice.choice([None, True, 1, 1.0, "a", "2026-11-22", ""])
    if dice.random() < 0.5:
        return [random_value(dice, levels - 1) for _ in range(dice.randint(0, 3))]
    return {name: random_value(dice, levels - 1) for name in dice.sample("abcd", 2)}


def test_the_same_call_is_judged_the_same_however_often_and_beside_whatever_else() -> None:
    first = rejection(FLAT, {**FLAT_CALL, "days": "3"})
    assert rejection(widening(40), {"it": 5}) is not None
    assert rejection(FLAT, {**FLAT_CALL, "days": "3"}) == first


def test_the_largest_schema_that_is_taken_is_checked_in_bounded_time() -> None:
    schema: JsonObject = {"properties": {f"f{n}": {"type": "string", "minLength": 1} for n in range(2_000)}}
    assert len(str(schema)) < MOST_SCHEMA_CHARACTERS
    started = time.thread_time()
    check_schema(schema)
    assert "f7" in wrong_fields(schema, {f"f{n}": "x" if n != 7 else 5 for n in range(2_000)})
    assert time.thread_time() - started < PATIENCE_SECONDS
