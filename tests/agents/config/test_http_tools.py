"""HTTP tools of a file: written, exported and compared like code, and refused at the line that is wrong."""

import pytest

from agents.config.faults import Refused
from agents.models import Agent, Tool
from tests.agents.config.conftest import apply_text, exported, plan_of, shown

pytestmark = pytest.mark.usefixtures("installation")

FILE = """\
tools:
  counting:
    description: How many there are.
    parameters:
      type: object
      properties: {sku: {type: string}, shop: {type: string}, note: {type: string}}
      required: [sku]
      additionalProperties: false
    implementations:
      - name: warehouse
        kind: http
        http:
          method: GET
          url: https://shop.example/{sku}
          query: {shop: "{shop}", note: "{note}"}
          headers: {Authorization: "Bearer {secret:SHOP}"}
          result: /stock
        timeout_seconds: 5
agents:
  desk:
    title: Desk
    purpose: Counts.
    system_prompt: Count.
    llms: [rehearsal:search]
    tools: [counting]
"""


def refusal(before: str, after: str) -> str:
    """What is said of the file with that change."""
    assert before in FILE
    with pytest.raises(Refused) as refused:
        plan_of(FILE.replace(before, after))
    return "\n".join(fault.in_file("F") for fault in refused.value.faults)


def test_an_http_tool_goes_in_and_comes_out_as_it_was_written() -> None:
    apply_text(FILE)
    assert plan_of(FILE).differences == ()
    version = Agent.objects.get(name="desk").current
    assert version is not None
    endpoint = version.to_spec().tools[0].implementations[0].http
    assert endpoint is not None
    assert (endpoint.url, endpoint.result) == ("https://shop.example/{sku}", "/stock")
    assert plan_of(exported()).differences == ()
    assert 'Authorization: "Bearer {secret:SHOP}"' in exported() or "Authorization: Bearer {secret:SHOP}" in exported()


def test_a_change_of_an_endpoint_is_a_version_of_each_agent_that_has_it() -> None:
    apply_text(FILE)
    changes = shown(plan_of(FILE.replace("https://shop.example/{sku}", "https://shop.example/v2/{sku}")))
    assert list(changes) == ["tools.counting", "agents.desk"]
    ((before, after),) = changes["tools.counting"].values()
    assert "v2" not in str(before)
    assert "v2" in str(after)


WRONG = (
    (
        "{sku}\n",
        "{skew}\n",
        "14:16: tools.counting.implementations.0.http.url: The tool has no argument skew; it takes note, shop",
    ),
    ("required: [sku]", "required: []", "14:16: tools.counting.implementations.0.http.url: The path needs sku"),
    (
        "https://shop",
        "https://{shop}",
        "14:16: tools.counting.implementations.0.http.url: An argument or a secret may stand",
    ),
    (
        "https://shop",
        "ftp://shop",
        "14:16: tools.counting.implementations.0.http.url: An address begins with https://",
    ),
    ("https://shop", "https://ann:pw@shop", "User and password do not belong into an address"),
    (
        '"{shop}"',
        '"{shops}"',
        "15:25: tools.counting.implementations.0.http.query.shop: The tool has no argument shops",
    ),
    (
        'note: "{note}"',
        'note: "{"',
        "15:41: tools.counting.implementations.0.http.query.note: A brace stands alone",
    ),
    (
        ', note: "{note}"',
        "",
        "http.url: GET has no body: neither the URL nor the query has a place for note.",
    ),
    (
        "{secret:SHOP}",
        "{secret:}",
        "16:36: tools.counting.implementations.0.http.headers.Authorization: {secret:} is no place",
    ),
    (
        "{secret:SHOP}",
        "{shop}",
        "16:36: tools.counting.implementations.0.http.headers.Authorization: No argument can stand in a header",
    ),
    ("Authorization", "Idempotency-Key", "This header is set for each call"),
    ("Authorization", '"A b"', "This is no name of a header."),
    ("/stock", "stock", "17:19: tools.counting.implementations.0.http.result: A JSON Pointer begins with a slash"),
    (
        "result: /stock",
        "retries: 9",
        "17:20: tools.counting.implementations.0.http.retries: A call is tried again 5 times",
    ),
    (
        "result: /stock",
        "resullt: x",
        "17:11: tools.counting.implementations.0.http.resullt: There is no such key; did you mean result?",
    ),
    ("result: /stock", "result_schema: {type: nothing}", "http.result_schema.type: This is no JSON Schema"),
    ("method: GET", "method: FETCH", '13:19: tools.counting.implementations.0.http.method: "FETCH" is refused'),
    ("method: GET", "method: GET\n          body: sku", "http.body: GET has no body."),
    ("method: GET", "method: POST\n          body: text", "http.body: The tool has no argument text"),
    ("        kind: http\n", "", "a python implementation needs target"),
)
"""What is written, what is written in its place, and what is said of that."""


def test_what_is_wrong_with_an_endpoint_is_said_at_its_line() -> None:
    """In one test: an installation takes longer to make than all of these together."""
    unsaid = [(after, found) for before, after, said in WRONG if said not in (found := refusal(before, after))]
    assert unsaid == []


def test_an_http_tool_without_parameters_is_refused() -> None:
    lines = FILE.splitlines(keepends=True)
    with pytest.raises(Refused) as refused:
        plan_of("".join(lines[:3] + lines[8:]))
    assert [fault.text for fault in refused.value.faults][:1] == [
        "This is missing: only code says by itself what it takes."
    ]


def test_code_and_an_endpoint_stand_in_one_tool_whose_parameters_are_the_codes() -> None:
    text = FILE.replace(
        "    implementations:\n",
        '    implementations:\n      - {name: code, target: "agents.library.support.stock:stock_live"}\n',
    )
    lines = text.splitlines(keepends=True)
    text = "".join(lines[:3] + lines[8:]).replace('query: {shop: "{shop}", note: "{note}"}', "retries: 0")
    text = text.replace("{sku}", "{product}")
    apply_text(text)
    version = Agent.objects.get(name="desk").current
    assert version is not None
    tool = version.to_spec().tools[0]
    assert [link.kind for link in tool.implementations] == ["python", "http"]
    assert "product" in str(tool.parameters)
    assert plan_of(text).differences == ()


def test_tools_of_a_file_that_agents_were_given_are_in_the_catalogue() -> None:
    apply_text(FILE)
    row = Tool.objects.get(name="counting")
    assert (row.origin, row.changed_by) == ("config", "ann (terminal)")
    assert row.to_spec().implementations[0].kind == "http"
