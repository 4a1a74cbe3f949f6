"""The arguments of a call as named fields."""

from django.template import Context, Template

from agents.contracts.base import JsonObject
from console.screens.approvals.waiting import in_short
from console.screens.run.json_tree import FOLDED_FROM, LONGEST_SHOWN


def shown(value: JsonObject) -> str:
    return Template("{% load arguments %}{% arguments value id='a' %}").render(Context({"value": value}))


def test_each_argument_is_a_field_with_its_value_and_the_json_is_one_click_away() -> None:
    page = shown({"to": "ann@example.com", "amount_cents": 3700, "express": False})
    for name, text in (("to", "ann@example.com"), ("amount_cents", "3700"), ("express", "false")):
        assert f'<dt>{name}</dt><dd><span class="argument-text">{text}</span>' in page
    assert '<details class="as-text"><summary>As JSON</summary>' in page
    assert "&quot;amount_cents&quot;: 3700" in page


def test_what_is_nested_is_indented_under_its_argument() -> None:
    page = shown({"order": {"lines": [{"sku": "T-1"}]}, "none": [], "no_text": ""})
    assert page.index("<dt>order</dt>") < page.index('<span class="tree-key">lines</span>') < page.index("T-1")
    assert 'data-copy="$.order.lines[0].sku"' in page
    assert "an empty list" in page
    assert "an empty text" in page


def test_a_long_text_is_folded_and_one_that_is_cut_says_so() -> None:
    page = shown({"body": "x" * (FOLDED_FROM + 1)})
    assert f"show all {FOLDED_FROM + 1:,} characters" in page
    assert "the rest is in the JSON below" not in page
    assert "show all" not in shown({"body": "x" * FOLDED_FROM})
    assert "the rest is in the JSON below" in shown({"body": "x" * (LONGEST_SHOWN + 1)})


def test_hostile_names_and_texts_stay_text() -> None:
    page = shown({"<b>": "<script>alert(1)</script>", "deep": {"<i>": "<img src=x>"}})
    assert not any(markup in page for markup in ("<b>", "<script", "<i>", "<img"))


def test_a_row_of_the_queue_says_values_as_json_does() -> None:
    assert in_short({"b": [1, {"c": None}], "to": "ann", "ok": True}) == 'b: [1, {"c": null}], ok: true, to: ann'
