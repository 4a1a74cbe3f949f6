"""The JSON gate: whatever an LLM or a tool says can be stored, and read back on either database."""

import json
import random
from datetime import UTC, datetime

import pytest
from pydantic import JsonValue

from agents.contracts.events import Event
from agents.contracts.messages import ToolMessage
from agents.contracts.steps import Step, ToolStep
from agents.journal import statements
from agents.journal.gate import NotStorable, plain, readable, storable
from agents.journal.rows import NewRows
from agents.models import EventRow, StepRow
from tests.agents.conftest import Office

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
NAUGHTY: tuple[str, ...] = (
    "",
    "\x00",
    "a\x00b\x00",
    "\ud800",
    "\udfff\ud800",
    "🍵",
    "\\u0000",
    "\\ud800 as text",
    "\\",
    '"',
    "'; DROP TABLE agents_run; --",
    "<script>alert(1)</script>",
    "\u2028\u2029\ufeff\u202e",
    "%s %(x)s {0} {rows}",
    "\r\n\t\x01\x1f\x7f\x85",
    "ﷺ" * 50,
    "null",
    "9" * 400,
    "12345678901234567890",
    "-0",
    "1e400",
)


def nested(depth: int, inside: JsonValue) -> JsonValue:
    """A value in so many lists."""
    for _ in range(depth):
        inside = [inside]
    return inside


@pytest.mark.parametrize("text", NAUGHTY)
def test_any_text_is_stored_as_value_and_as_key_and_only_the_unstorable_is_changed(text: str) -> None:
    back = json.loads(storable({"value": text, text: 1}))
    assert back["value"] == plain(text)
    if "\x00" not in text and text.encode("utf-8", "ignore").decode() == text:
        assert back == {"value": text, text: 1}


def test_nul_and_lone_surrogates_become_visible() -> None:
    assert plain("a\x00b") == "a\\u0000b"
    assert plain("\ud800é") == "\\ud800é"
    assert json.loads(storable(["\x00", "\ud800"])) == ["\\u0000", "\\ud800"]


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), -float("inf"), object(), {1, 2}, b"x", {"a": float("nan")}]
)
def test_what_json_cannot_carry_is_refused(value: object) -> None:
    with pytest.raises(NotStorable):
        storable(value)
    assert "not_storable" in json.loads(readable({"value": value}))  # type: ignore[dict-item]  # what a trace must survive


@pytest.mark.parametrize("number", [2**63 - 1, -(2**63) + 1, 10**18, 0, -1, 1.5, 1e308, 5e-324, True])
def test_numbers_within_64_bits_stay_numbers(number: float) -> None:
    back = json.loads(storable([number]))
    assert back == [number]
    assert type(back[0]) is type(number)


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**30, -(10**400)])
def test_larger_integers_are_kept_as_their_digits(number: int) -> None:
    assert json.loads(storable({"n": [number]})) == {"n": [str(number)]}


@pytest.mark.parametrize("inside", ["tea", "\x00", 10**30])
@pytest.mark.parametrize("depth", [100, 2_000, 100_000])
def test_nesting_is_stored_or_refused_and_never_breaks_the_writer(depth: int, inside: JsonValue) -> None:
    try:
        text = storable(nested(depth, inside))
    except NotStorable:
        assert depth > 100
    else:
        assert text.count("[") == depth


def test_what_is_stored_can_be_read_back(office: Office) -> None:
    run, rows = office.run(), NewRows()
    values: list[JsonValue] = [
        *NAUGHTY,
        10**30,
        2**63 - 1,
        1.5e-7,
        nested(90, "\x00"),
        {"\x00": "\ud800"},
        float("nan"),
    ]
    rows.events = [(run.id, n, Event(kind="note.added", at=AT, data={"value": v})) for n, v in enumerate(values, 1)]
    contents = [v for v in values if not (isinstance(v, float) and v != v)]
    rows.steps = [(run.id, Step(number=n, turn=1, output=result(v)), AT) for n, v in enumerate(contents, 1)]
    statements.write_group([], rows)
    stored = [row.to_event().data for row in EventRow.objects.filter(run=run).order_by("seq")]
    assert stored == [json.loads(readable({"value": value})) for value in values]
    steps = [row.to_step().output for row in StepRow.objects.filter(run=run).order_by("number")]
    assert [s.result.content for s in steps if s.kind == "tool"] == [json.loads(storable(v)) for v in contents]


def result(content: JsonValue) -> ToolStep:
    """A tool's result."""
    message = ToolMessage(call_id="c1", name="look_up", status="ok", content=content)
    return ToolStep(result=message)


def test_random_text_survives(office: Office) -> None:
    random_text = random.Random(20261122)
    texts = ["".join(chr(random_text.randrange(0x110000)) for _ in range(40)) for _ in range(200)]
    run, rows = office.run(), NewRows()
    rows.events = [(run.id, n, Event(kind="note.added", at=AT, data={"t": plain(t)})) for n, t in enumerate(texts, 1)]
    statements.write_group([], rows)
    stored = [row.data["t"] for row in EventRow.objects.filter(run=run).order_by("seq")]
    assert stored == [plain(text) for text in texts]


def test_a_huge_float_comes_back_as_the_same_number_though_maybe_as_an_integer(office: Office) -> None:
    run, rows = office.run(), NewRows()
    rows.events = [(run.id, 1, Event(kind="note.added", at=AT, data={"value": 1e308}))]
    statements.write_group([], rows)
    assert float(EventRow.objects.get(run=run).data["value"]) == 1e308
