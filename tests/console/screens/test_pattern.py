"""Rows that are filled into a template drawn once."""

from html.parser import HTMLParser

import pytest

from agents.models import Run
from budgets.models import Tenant
from console.screens.pattern import EDGE, Pattern
from console.screens.runs.rows import marks_of, places_of
from console.screens.runs.selectors import Burning, rows_of
from tests.console.conftest import MakeRun

ROW = "runs/_row.html"
MARKS = ("has_own_limits", "is_capped", "is_burning", "has_ended", "may_kill")


@pytest.fixture
def places(acme: Tenant, make_run: MakeRun) -> dict[str, object]:
    (listed,) = rows_of([make_run(acme).pk])
    return places_of(listed, Burning(None, ()), href="/here/", now=listed.run.created_at)


class Read(HTMLParser):
    """The tags and texts of a row."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - as inherited
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.mark.parametrize(
    "text", ["<script>x</script>", '"><b onclick="x">', f"{EDGE}pk{EDGE}", "{pk} %s {{ pk }}", "&lt;"]
)
def test_what_stands_in_a_place_is_text_whatever_is_in_it(text: str, places: dict[str, object]) -> None:
    plain, hostile = (Read(Pattern(ROW).filled({**places, "doing": said})) for said in ("calm", text))
    assert hostile.tags == plain.tags
    assert "".join(hostile.texts).count(text) == 1


def test_every_place_is_filled_in_some_row(places: dict[str, object]) -> None:
    given = {name: f"this is {name}" for name in places}
    rows = Pattern(ROW).filled(given) + Pattern(ROW).filled(given, MARKS)
    assert [name for name, text in given.items() if text not in rows] == []


def test_one_pattern_fills_rows_of_every_kind(places: dict[str, object]) -> None:
    pattern = Pattern(ROW)
    plain, full = pattern.filled(places), pattern.filled(places, MARKS)
    assert ("own limits" in full, "<button" in full, "polyline" in full) == (True, True, True)
    assert ("own limits" in plain, "<button" in plain, "polyline" in plain) == (False, False, False)
    assert pattern.filled(places) == plain


def test_a_run_that_ends_or_is_stopped_loses_its_verb(acme: Tenant, make_run: MakeRun) -> None:
    going, ended = make_run(acme), make_run(acme, state="completed")
    stopping = make_run(acme, state="kill_requested", kill_requested_at=going.created_at)

    def marks(run: Run) -> set[str]:
        (listed,) = rows_of([run.pk])
        return set(marks_of(listed, Burning(None, ()), may_kill=True))

    assert "may_kill" in marks(going)
    assert not {"may_kill"} & (marks(ended) | marks(stopping))
    assert "has_ended" in marks(ended) - marks(stopping)
