"""Reading documents that were made to harm."""

import json
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.tools.openapi.document import MAX_BYTES, BadDocument, read_document
from agents.tools.openapi.operations import operations
from agents.tools.openapi.references import recursive
from agents.tools.openapi.tool import Wishes, tool_of

LAUGHS = "a: &a [x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(24)
)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (LAUGHS, r"An alias \(\*a\) on line 2 is not followed"),
        ("openapi: 3.0.0\npaths: &p\n  x: *p\n", "An alias"),
        ("openapi: 3.0.0\nx: " + "[" * 5_000 + "]" * 5_000, "more than 100 levels"),
        ('{"openapi": "3.0.0", "x": ' + "[" * 500 + "]" * 500 + "}", "more than 100 levels"),
        ('{"openapi": "3.0.0", "x": ' + "[" * 200_000, "more than 100 levels"),
        (" " * (MAX_BYTES + 1), "larger than 10 MB"),
        ('{"openapi": "3.0.0", "x": NaN}', "no JSON"),
        ('{"openapi": "3.0.0", "x": 1e999}', "too large"),
        ('{"openapi": "3.0.0", "x": "\\u0000"}', "NUL"),
        ('{"openapi": "3.0.0", "x": "\\ud800"}', "surrogate"),
        ("openapi: 3.0.0\n? [a]\n: b\n", "no text"),
        ("openapi: 3.0.0\n  paths: x", "no YAML"),
        ("openapi: [", "no YAML"),
        ("swagger: '2.0'\npaths: {}", "Swagger 2.0"),
        ("openapi: 4.0.0", "openapi: 4.0.0"),
        ("- a", "no mapping"),
        ("", "no mapping"),
        ("!!python/object/apply:os.system [id]", "no mapping"),
    ],
)
def test_a_document_that_cannot_be_read_is_refused_at_once(content: str, why: str) -> None:
    began = time.thread_time()
    with pytest.raises(BadDocument, match=why):
        read_document(content.encode())
    assert time.thread_time() - began < 5


def test_other_bytes_are_no_document() -> None:
    with pytest.raises(BadDocument, match="UTF-8"):
        read_document(b"\xff\xfe\x00")


@pytest.mark.parametrize(
    "paths",
    [
        {"/x": {"$ref": "#/paths/~1x"}},
        {"/x": {"$ref": "https://evil.example/x"}},
        {"/x": []},
        {"/x": {"$ref": "#/none"}},
    ],
)
def test_a_path_that_leads_nowhere_is_refused(paths: object) -> None:
    with pytest.raises(BadDocument):
        operations(read_document(json.dumps({"openapi": "3.1.0", "paths": paths}).encode()))


def test_as_many_operations_as_nobody_needs_are_refused() -> None:
    paths: dict[str, object] = {f"/{n}": {"get": {}} for n in range(5_001)}
    with pytest.raises(BadDocument, match="more than 5000 operations"):
        operations(read_document(json.dumps({"openapi": "3.1.0", "paths": paths}).encode()))


KEYS = st.sampled_from(
    ["$ref", "type", "properties", "required", "items", "allOf", "schema", "content", "application/json", "name", "in"]
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.sampled_from(["#/components/x", "object", "query", "path", "a"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=12,
)
SLOTS = st.fixed_dictionaries({}, optional={"parameters": JSON, "requestBody": JSON, "servers": JSON, "summary": JSON})


@given(SLOTS, JSON)
def test_whatever_stands_in_a_document_is_a_tool_or_is_refused(operation: object, component: object) -> None:
    document = {"openapi": "3.1.0", "paths": {"/{a}": {"post": operation}}, "components": {"x": component}}
    with suppress(BadDocument):
        root = read_document(json.dumps(document).encode())
        for each in operations(root):
            tool = tool_of(root, each, Wishes(base_url="https://api.example"))
            assert tool.implementations[0].kind == "http"


@given(st.dictionaries(st.sampled_from("abcdef"), st.sets(st.sampled_from("abcdef"))))
def test_exactly_the_references_without_a_way_round_are_written_out(drawn: dict[str, set[str]]) -> None:
    graph = {node: drawn.get(node, set()) for node in "abcdef"}
    kept = recursive(graph)
    for node in graph:
        on, seen = set(graph[node]), set[str]()
        while on - seen:
            seen |= (step := on - seen)
            on |= set[str]().union(*(graph[each] for each in step))
        assert node in kept or node not in on
        assert node not in kept or any(each in kept for each in graph[node])
