"""Operations of a document as tools: their names, their arguments, and what a call of them sends."""

import json

import pytest
from jsonschema import Draft202012Validator
from pydantic import JsonValue

from agents.contracts.base import JsonObject
from agents.contracts.specs import HttpEndpoint, ToolSpec
from agents.tools.openapi.document import BadDocument, read_document
from agents.tools.openapi.operations import clean_name, operations
from agents.tools.openapi.tool import Wishes, tool_of
from tests.agents.tools.http.calling import called
from tests.agents.tools.http.far_end import far_end, says
from tests.agents.tools.openapi.documents import SHOP, bomb, with_body


def tools(content: str = SHOP, wishes: Wishes | None = None) -> dict[str, ToolSpec]:
    """The tools of a document by name; without the operations that can be none."""
    root = read_document(content.encode())
    found = {}
    for each in operations(root):
        try:
            found[each.name] = tool_of(root, each, wishes or Wishes())
        except BadDocument:
            continue
    return found


def only(document: object) -> ToolSpec:
    """The one tool of a document."""
    root = read_document(json.dumps(document).encode())
    (operation,) = operations(root)
    return tool_of(root, operation, Wishes())


def endpoint(tool: ToolSpec) -> HttpEndpoint:
    """Its endpoint."""
    found = tool.implementations[0].http
    assert found is not None
    return found


def properties(tool: ToolSpec) -> dict[str, JsonValue]:
    """Its arguments."""
    found = tool.parameters["properties"]
    assert isinstance(found, dict)
    return found


def test_names_are_clean_and_each_its_own() -> None:
    names = [each.name for each in operations(read_document(SHOP.encode()))]
    assert names[:4] == ["orders_get", "patch_orders_order-id", "orders_get_2", "create_order"]
    taken: set[str] = set()
    many = [clean_name("x" * 100, taken) for _ in range(12)]
    assert len(set(many)) == 12
    assert max(map(len, many)) == 64


def test_parameters_become_arguments_under_names_that_every_vendor_takes() -> None:
    tool = tools()["orders_get"]
    assert (tool.effect, tool.needs_approval, tool.description) == ("pure", False, "An order. With its items.")
    assert endpoint(tool).url == "https://eu.shop.example/v1/orders/{order-id}"
    assert endpoint(tool).query == {"fields[]": "{fields}", "expand": "{expand}"}
    assert tool.parameters == {
        "type": "object",
        "additionalProperties": False,
        "required": ["order-id"],
        "properties": {
            "order-id": {"type": "integer"},
            "fields": {"type": "array", "items": {"type": "string", "enum": ["items", "customer"]}},
            "expand": {"type": "string", "description": "Several values stand with commas between them."},
        },
    }


def test_a_plain_body_is_flat_and_what_3_0_says_in_its_own_words_is_translated() -> None:
    tool = tools()["patch_orders_order-id"]
    assert (tool.effect, tool.needs_approval) == ("unkeyed", True)
    assert endpoint(tool).body == ""
    assert tool.parameters["required"] == ["order-id", "amount"]
    assert properties(tool) == {
        "order-id": {"type": "integer"},
        "amount": {"type": ["number", "null"], "exclusiveMinimum": 0},
        "note": {"type": ["string", "null"]},
        "status": {
            "anyOf": [{"type": "string", "enum": ["open", "closed"], "description": "Where it is."}, {"type": "null"}]
        },
    }


def test_an_all_of_of_plain_objects_is_one_object() -> None:
    tool = tools()["create_order"]
    assert list(properties(tool)) == ["amount", "note", "status", "sku"]
    assert tool.parameters["required"] == ["amount", "sku"]


def test_a_body_whose_names_meet_those_of_parameters_is_one_argument() -> None:
    tool = tools()["replace"]
    assert endpoint(tool).body == "body"
    assert properties(tool)["body"] == {
        "type": "object",
        "properties": {"id": {"type": "string"}, "on": {"type": "string"}},
    }


def test_a_schema_that_leads_back_to_itself_keeps_its_reference() -> None:
    tool = tools()["plant"]
    assert list(properties(tool)) == ["label", "children"]
    validator = Draft202012Validator(tool.parameters)
    assert validator.is_valid({"label": "a", "children": [{"label": "b", "children": []}]})
    assert not validator.is_valid({"label": "a", "children": [{"label": 5}]})


def test_what_cannot_be_a_tool_says_why() -> None:
    root = read_document(SHOP.encode())
    said = {}
    for each in operations(root):
        try:
            tool_of(root, each, Wishes())
        except BadDocument as error:
            said[each.name] = str(error)
    assert said == {
        "upload": "upload cannot be a tool. Its body is multipart/form-data, not JSON.",
        "login": "login cannot be a tool. It needs the cookie session, which no argument can fill.",
    }


def test_the_importer_gives_headers_a_key_and_which_writes_are_safe() -> None:
    wishes = Wishes(
        base_url="https://proxy.example/shop",
        headers={"Authorization": "Bearer {secret:SHOP}"},
        query={"key": "{secret:KEY}"},
        prefix="shop_",
        keyed=frozenset({"create_order"}),
        without_approval=frozenset({"create_order"}),
    )
    tool = tools(wishes=wishes)["create_order"]
    assert (tool.name, tool.effect, tool.needs_approval) == ("shop_create_order", "keyed", False)
    assert endpoint(tool).headers == {"Authorization": "Bearer {secret:SHOP}"}
    assert endpoint(tool).query == {"key": "{secret:KEY}"}
    assert endpoint(tool).url == "https://proxy.example/shop/orders"
    assert tool.implementations[0].name == "proxy-example"


def test_a_header_or_a_name_that_cannot_be_one_is_refused() -> None:
    root = read_document(SHOP.encode())
    for prefix in ("shop.", "x" * 60):
        with pytest.raises(BadDocument, match="no name that LLMs can call"):
            tool_of(root, operations(root)[0], Wishes(prefix=prefix))
    with pytest.raises(BadDocument, match="This header is set for each call"):
        tool_of(root, operations(root)[0], Wishes(headers={"Host": "evil"}))


def test_an_imported_tool_calls_its_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    with far_end() as far:
        monkeypatch.setenv("WATCHFLOOR_TOOL_HOSTS", f"127.0.0.1:{far.port}")
        far.on("/v2/orders/7", says({"id": 7}))
        found = tools(wishes=Wishes(base_url=far.url + "/v2", headers={"X-Key": "{secret:KEY}"}))
        arguments: JsonObject = {"order-id": 7, "fields": ["items", "customer"]}
        assert called(found["orders_get"].implementations[0], arguments, KEY="canary") == {"id": 7}
        changed: JsonObject = {"order-id": 7, "amount": 3, "status": "open"}
        called(found["patch_orders_order-id"].implementations[0], changed, "unkeyed", KEY="canary")
        first, second = far.requests
        assert first.target == "/v2/orders/7?fields%5B%5D=items&fields%5B%5D=customer"
        assert first.headers["x-key"] == "canary"
        assert second.json == {"amount": 3, "status": "open"}


def test_version_3_1_and_its_schemas_stay_as_they_are() -> None:
    schema = {
        "type": ["object"],
        "properties": {
            "a": {"type": ["string", "null"], "format": "email"},
            "b": {"const": 1},
            "c": {"$ref": "#/components/schemas/C", "description": "Ours."},
        },
    }
    tool = only(with_body(schema, {"C": {"type": "string", "description": "Theirs."}}))
    assert properties(tool)["a"] == {"type": ["string", "null"], "format": "email"}
    assert properties(tool)["c"] == {"type": "string", "description": "Ours."}


@pytest.mark.parametrize("required", [True, False])
def test_an_object_in_the_query_is_left_out_where_it_may_be(required: bool) -> None:
    parameter = {"name": "filter", "in": "query", "style": "deepObject", "required": required, "schema": {}}
    document = {**with_body({}), "paths": {"/x": {"get": {"operationId": "x", "parameters": [parameter]}}}}
    if required:
        with pytest.raises(BadDocument, match="an object in the query"):
            only(document)
    else:
        assert properties(only(document)) == {}


def test_a_body_that_is_no_object_is_one_argument() -> None:
    tool = only(with_body({"type": "array", "items": {"type": "integer"}}))
    assert endpoint(tool).body == "body"
    assert tool.parameters["required"] == ["body"]


def test_a_schema_that_would_double_with_each_level_keeps_its_references() -> None:
    tool = only(bomb(30))
    assert len(json.dumps(tool.parameters)) < 10_000
    assert isinstance(definitions := tool.parameters["$defs"], dict)
    assert "S29" in definitions


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ({"$ref": "https://evil.example/schema.json"}, "refers to another document"),
        ({"$ref": "file:///etc/passwd"}, "refers to another document"),
        ({"$ref": "other.yaml#/X"}, "refers to another document"),
        ({"$ref": "#/components/schemas/Nobody"}, "leads nowhere"),
        ({"$ref": "#/paths/~1x/post/requestBody/content/application~1json/schema"}, "leads back"),
        (
            {"type": "object", "properties": {f"p{n}": {"enum": ["x" * 50]} for n in range(2_000)}},
            "bytes to be described",
        ),
        ({"type": "object", "properties": {f"p{n}": {} for n in range(6_000)}}, "too large"),
        ({"type": "object", "properties": {"a": {"enum": [2**70]}}}, "does not carry exactly"),
        ({"type": "object", "properties": {"a": {"$dynamicRef": "#x"}}}, "dynamicRef"),
    ],
)
def test_a_schema_that_cannot_be_used_says_why(schema: object, why: str) -> None:
    with pytest.raises(BadDocument, match=why):
        only(with_body(schema))
