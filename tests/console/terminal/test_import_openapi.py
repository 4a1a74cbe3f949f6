"""Taking operations of a document into the catalogue from the terminal."""

from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from agents.models import Tool
from agents.tools.catalogue import keep_tool
from budgets.models import Action
from tests.agents.tools.openapi.documents import SHOP

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(tmp_path: Path) -> str:
    """The document as a file."""
    file = tmp_path / "shop.yaml"
    file.write_text(SHOP, encoding="utf-8")
    return str(file)


def said(*arguments: str) -> str:
    """What the command prints."""
    out = StringIO()
    call_command("import_openapi", *arguments, stdout=out)
    return out.getvalue()


def test_the_list_names_every_operation_and_why_some_cannot_be_used(shop: str) -> None:
    lines = said(shop, "--list").splitlines()
    assert lines[0] == "orders_get  GET /orders/{order-id}  An order."
    assert "    upload cannot be a tool. Its body is multipart/form-data, not JSON." in lines
    assert lines[-1] == "8 operations. Choose with --choose NAME,NAME."
    assert not Tool.objects.exists()


def test_chosen_operations_are_kept_with_who_did_it(shop: str) -> None:
    header = "Authorization: Bearer {secret:SHOP}"
    asked = [shop, "--choose", "orders.get,create_order", "--header", header, "--keyed", "create_order"]
    assert said(*asked) == "orders_get  pure\ncreate_order  keyed, asks for approval\n"
    rows = Tool.objects.order_by("name")
    assert [(row.name, row.origin) for row in rows] == [("create_order", "openapi"), ("orders_get", "openapi")]
    endpoint = rows[0].to_spec().implementations[0].http
    assert endpoint is not None
    assert endpoint.headers == {"Authorization": "Bearer {secret:SHOP}"}
    assert Action.objects.filter(verb="tool.kept").count() == 2
    assert said(*asked).endswith("create_order  keyed, asks for approval  (as before)\n")
    assert Action.objects.filter(verb="tool.kept").count() == 2


def test_a_document_is_read_from_stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(SHOP.encode())))
    assert said("-", "--choose", "plant", "--without-approval", "plant", "--prefix", "shop_") == "shop_plant  unkeyed\n"


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--choose", "orders.got"], "--choose: the document has no operation 'orders.got'; see --list."),
        (["--choose", "orders_get,upload"], "upload cannot be a tool. Its body is multipart/form-data, not JSON."),
        (["--choose", "orders_get", "--header", "Bearer x"], "--header: write NAME:VALUE."),
        (["--choose", "orders_get", "--header", "X: {secret:}"], "orders_get cannot be a tool. {secret:} is no place"),
        (
            ["--choose", "orders_get", "--base-url", "http://{host}/"],
            "orders_get cannot be a tool. An argument or a secret",
        ),
        (["--choose", "orders_get", "--keyed", "x"], "--keyed: the document has no operation 'x'"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_line_and_nothing_is_kept(shop: str, arguments: list[str], why: str) -> None:
    with pytest.raises(CommandError) as error:
        said(shop, *arguments)
    assert str(error.value).startswith(why)
    assert not Tool.objects.exists()


def test_a_name_that_another_tool_has_is_not_taken(shop: str) -> None:
    said(shop, "--choose", "orders_get")
    keep_tool(spec=Tool.objects.get().to_spec(), origin="mcp", actor="ann")
    with pytest.raises(CommandError, match="There is a tool orders_get from an MCP server already"):
        said(shop, "--choose", "plant,orders_get")
    assert Tool.objects.count() == 1


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(CommandError, match=r"Cannot read nowhere.yaml: no such file or directory."):
        said("nowhere.yaml")
