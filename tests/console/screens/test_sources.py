"""An answer's citations."""

from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from console.screens.run.sources import cited, parts_of, sources_of

OUTPUTS: list[JsonValue] = [
    {"results": [{"source": "policy/late#1", "cite": 1, "title": "Late parcels", "text": "x" * 400}]},
    {"source": "order/7", "cite": 2},
    {"source": "order/7", "cite": 2, "title": "later title"},
    {"source": 5, "cite": "no"},
]


def test_sources_are_found_anywhere_in_the_outputs() -> None:
    sources = sources_of(OUTPUTS)
    assert [(source.number, source.title) for source in sources.values()] == [
        (1, "Late parcels"),
        (2, "order/7"),
    ]
    assert sources[1].excerpt == "x" * 240 + "…"


def test_the_answer_leads_to_the_sources_it_names() -> None:
    parts = parts_of("It is late [1]. So is [9].", sources_of(OUTPUTS))
    assert [source.number for source in cited(parts)] == [1]
    assert [(part.text, part.source is None) for part in parts if part.number] == [
        ("[1]", False),
        ("[9]", True),
    ]


@given(st.text())
def test_cutting_an_answer_loses_nothing(answer: str) -> None:
    assert "".join(part.text for part in parts_of(answer, {})) == answer
