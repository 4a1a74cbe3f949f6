"""Tools of every kind: their schema is JSON Schema 2020-12, and the LLM is told how to mend its call."""

import json

import pytest
from pydantic import JsonValue, field_validator

from agents.contracts.base import JsonObject
from agents.contracts.calls import Call
from agents.contracts.messages import ToolCall
from agents.tools import boundary
from agents.tools.define import Arguments, python_tool
from tests.agents.tools.schemas import (
    ALL,
    COMBINED,
    COMBINED_CALL,
    FLAT,
    FLAT_CALL,
    NESTED,
    NESTED_CALL,
    SHAPES,
    TREE,
    foreign_tool,
    rejection,
    wrong_fields,
)


@pytest.mark.parametrize("name", ALL)
def test_a_call_that_fits_its_schema_is_accepted(name: str) -> None:
    assert rejection(*ALL[name]) is None


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("days", "3", 'must be of type integer (came: "3")'),
        ("days", 3.0, "must be an integer, written as 3 (came: 3.0)"),
        ("days", True, "must be of type integer (came: true)"),
        ("days", 15, "is too large (came: 15)"),
        ("city", "O", "is too short"),
        ("city", None, "must be of type string (came: null)"),
        ("unit", "celcius", "is none of the accepted values"),
        ("since", "yesterday", "is no valid date"),
        ("since", "2026-02-30", "is no valid date"),
        ("code", "OSL-7\n", "does not match the pattern"),
        ("precise", "yes", "must be of type boolean"),
        ("height", "tall", "must be of type number or null"),
        ("height", 0, "is too small"),
        ("country", "NO", "is not a known field"),
    ],
)
def test_a_wrong_field_is_named_with_what_came(field: str, value: JsonValue, says: str) -> None:
    told = wrong_fields(FLAT, {**FLAT_CALL, field: value})
    assert list(told) == [field]
    assert says in str(told[field]["problem"])


def test_a_missing_field_is_named_with_what_belongs_there() -> None:
    told = wrong_fields(FLAT, {"city": "Oslo"})
    assert told["days"]["problem"] == "is missing"
    assert told["days"]["accepted"] == {"type": "integer", "minimum": 1, "maximum": 14}


def test_what_is_accepted_comes_from_the_schema() -> None:
    told = wrong_fields(FLAT, {**FLAT_CALL, "unit": "celcius", "code": "x"})
    assert told["unit"]["accepted"] == {"type": "string", "enum": ["celsius", "fahrenheit", "kelvin"]}
    assert told["unit"]["did_you_mean"] == "celsius"
    assert told["code"]["accepted"] == {"type": "string", "pattern": "^[A-Z]{3}-[0-9]+$"}


@pytest.mark.parametrize(("wrong", "meant"), [("ctiy", "city"), ("City", "city"), ("Unit", "unit")])
def test_a_misspelt_field_is_answered_with_the_nearest_name(wrong: str, meant: str) -> None:
    told = wrong_fields(FLAT, {**FLAT_CALL, wrong: 1})
    assert told[wrong]["did_you_mean"] == meant


def test_a_field_like_no_other_is_answered_with_the_known_ones() -> None:
    told = wrong_fields(FLAT, {**FLAT_CALL, "colour": "red"})
    assert told["colour"]["accepted"] == "only: city, code, days, height, precise, since, unit"


def test_all_wrong_fields_are_told_at_once() -> None:
    told = wrong_fields(FLAT, {"days": "3", "unit": "c", "ctiy": "Oslo"})
    assert set(told) == {"days", "unit", "ctiy", "city"}


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"order": {"lines": [{"sku": "A", "count": 1}, {"sku": 5, "count": 1}]}}, "order.lines.1.sku"),
        ({"order": {"lines": [{"sku": "A"}]}}, "order.lines.0.count"),
        ({"order": {"lines": [{"sku": "A", "count": 1, "price": 2}]}}, "order.lines.0.price"),
        ({"order": {"lines": []}}, "order.lines"),
        ({"order": {"lines": [{"sku": "A", "count": 1}], "tags": ["a", "a"]}}, "order.tags"),
        ({"order": {}}, "order.lines"),
    ],
)
def test_a_place_inside_is_named_by_its_path(change: JsonObject, path: str) -> None:
    assert list(wrong_fields(NESTED, {**NESTED_CALL, **change})) == [path]


def test_a_schema_that_refers_to_itself_is_followed_as_deep_as_the_call() -> None:
    wrong: JsonObject = {"root": {"name": "a", "children": [{"name": "b", "children": [{"nmae": "c"}]}]}}
    told = wrong_fields(TREE, wrong)
    assert set(told) == {"root.children.0.children.0.name", "root.children.0.children.0.nmae"}
    assert told["root.children.0.children.0.nmae"]["did_you_mean"] == "name"


def test_of_alternatives_the_one_that_was_meant_is_complained_about() -> None:
    assert list(wrong_fields(SHAPES, {"pay": {"kind": "card", "number": "12"}})) == ["pay.number"]
    assert list(wrong_fields(SHAPES, {"pay": {"kind": "invoice"}})) == ["pay.due"]
    assert "no valid date" in str(wrong_fields(SHAPES, {"pay": {"kind": "invoice", "due": "soon"}}))


def test_of_alternatives_none_of_which_was_meant_all_are_told() -> None:
    told = wrong_fields(SHAPES, {"pay": "cash"})
    assert told["pay"]["problem"] == 'fits none of the alternatives (came: "cash")'
    accepted = told["pay"]["accepted"]
    assert isinstance(accepted, dict)
    assert "oneOf" in accepted


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"limit": "5"}, "limit"),
        ({"sort": "sideways"}, "sort"),
        ({"qeury": "tea"}, "qeury"),
        ({"by": 5}, "by"),
    ],
)
def test_combined_schemas_hold_together(change: JsonObject, path: str) -> None:
    assert path in wrong_fields(COMBINED, {**COMBINED_CALL, **change})


def test_a_condition_that_does_not_hold_asks_for_nothing() -> None:
    assert rejection(COMBINED, {"query": "tea", "sort": "down"}) is None
    assert list(wrong_fields(COMBINED, {"query": "tea", "sort": "up"})) == ["by"]
    assert list(wrong_fields(COMBINED, {"query": "tea", "sort": "down", "by": "price"})) == ["by"]


@pytest.mark.parametrize(
    "opens",
    [
        {"additionalProperties": True},
        {"additionalProperties": {"type": "integer"}},
        {"unevaluatedProperties": True},
        {"unevaluatedProperties": {"type": "integer"}},
        {"patternProperties": {"^col": {"type": "integer"}}},
        {"allOf": [{"additionalProperties": True}]},
        {"anyOf": [{"properties": {"colour": {"type": "integer"}}}]},
        {"allOf": [{"patternProperties": {"^col": {"type": "integer"}}}]},
        {"dependentSchemas": {"city": {"properties": {"colour": {"type": "integer"}}}}},
    ],
)
def test_a_field_is_allowed_by_what_the_schema_says_of_others(opens: JsonObject) -> None:
    assert rejection({**FLAT, **opens}, {**FLAT_CALL, "colour": 5}) is None


@pytest.mark.parametrize(
    "opens",
    [
        {"additionalProperties": {"type": "integer"}},
        {"unevaluatedProperties": {"type": "integer"}},
        {"patternProperties": {"^col": {"type": "integer"}}},
        {"patternProperties": {"^shape": {}}},
        {"allOf": [{"patternProperties": {"^shape": {}}}]},
        {"unevaluatedProperties": False},
        {"anyOf": [{"properties": {"colour": {"type": "integer"}}, "required": ["colour"]}, True]},
    ],
)
def test_and_only_so_far_as_it_says(opens: JsonObject) -> None:
    assert "colour" in wrong_fields({**FLAT, **opens}, {**FLAT_CALL, "colour": "red"})


@pytest.mark.parametrize("none", [{}, {"type": "object"}, {"type": "object", "properties": {}}])
def test_a_tool_that_names_no_argument_takes_none(none: JsonObject) -> None:
    assert rejection(none, {}) is None
    assert list(wrong_fields(none, {"query": "tea"})) == ["query"]


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("email", "a@b.example", "a at b"),
        ("email", "a@b", "@b"),
        ("uri", "https://a.example/b?c=1", "no uri at all"),
        ("iri", "https://ä.example/ö", "no iri at all"),
        ("uuid", "123e4567-e89b-12d3-a456-426614174000", "123"),
        ("ipv4", "10.0.0.1", "10.0.0.256"),
        ("ipv6", "::1", ":::1"),
        ("date-time", "2026-11-22T12:00:00Z", "2026-11-22 noon"),
        ("time", "12:00:00Z", "noon"),
        ("duration", "P1D", "one day"),
        ("hostname", "a.example", "-a-"),
        ("regex", "^a+$", "("),
        ("json-pointer", "/a/b", "a/b"),
    ],
)
def test_formats_are_asserted(name: str, right: str, wrong: str) -> None:
    schema: JsonObject = {"properties": {"it": {"type": "string", "format": name}}}
    assert rejection(schema, {"it": right}) is None
    assert "it" in wrong_fields(schema, {"it": wrong})


def test_equal_means_equal_as_json() -> None:
    schema: JsonObject = {"properties": {"it": {"enum": [1, {"a": [True]}, None]}, "one": {"const": 1}}}
    rights: list[JsonValue] = [1, {"a": [True]}, None]
    wrongs: list[JsonValue] = [True, {"a": [1]}, 0, "1"]
    for right in rights:
        assert rejection(schema, {"it": right}) is None
    for wrong in wrongs:
        assert "it" in wrong_fields(schema, {"it": wrong})
    assert "one" in wrong_fields(schema, {"one": True})


class Span(Arguments):
    first: int
    last: int

    @field_validator("last")
    @classmethod
    def _odd(cls, last: int) -> int:
        if last % 2 == 0:
            raise ValueError("must be odd")
        return last


def spans(arguments: Span, call: Call) -> JsonValue:
    del call
    return arguments.last - arguments.first


def test_a_python_tool_s_own_validators_have_their_say_too() -> None:
    tool = python_tool("span", [spans], description="Measure.")
    call = ToolCall(call_id="c", name="span", arguments={"first": 1, "last": 2})
    with pytest.raises(boundary.Rejected) as rejected:
        boundary.validate(tool, call)
    assert [field["path"] for field in rejected.value.fields] == ["last"]
    assert "must be odd (came: 2)" in str(rejected.value.fields[0]["problem"])
    assert boundary.validate(tool, call.model_copy(update={"arguments": {"first": 1, "last": 3}}))["last"] == 3


def test_what_the_llm_is_told_is_json_and_never_more_than_2_kb() -> None:
    schema: JsonObject = {
        "properties": {
            f"field_{number}_{'x' * 200}": {"type": "integer", "description": "ü" * 90, "enum": ["\U0001f600" * 60] * 2}
            for number in range(40)
        }
    }
    wrong: JsonObject = {f"field_{number}_{'x' * 200}": "\U0001f600\ud800\0" * 100 for number in range(40)}
    content = rejection(schema, wrong)
    assert content is not None
    assert len(json.dumps(content, ensure_ascii=False).encode("utf-8", "backslashreplace")) <= boundary.MOST_BYTES
    assert json.loads(json.dumps(content)) == content
    assert content["fields"]


def test_an_unknown_tool_among_very_many_is_answered_in_2_kb() -> None:
    offered = {f"tool_{number}_{'x' * 50}": foreign_tool(FLAT) for number in range(500)}
    with pytest.raises(boundary.Rejected) as rejected:
        boundary.find("tool_7" * 1_000, offered)
    assert len(json.dumps(rejected.value.content)) <= boundary.MOST_BYTES
