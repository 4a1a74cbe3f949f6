"""Tables draw their rows themselves: marks of rows, attributes of cells, and what is text."""

from dataclasses import dataclass

from django.template import Context

from console.screens import cells
from console.screens.grid import Grid

HOSTILE = '"><script>x</script>'
ESCAPED = "&quot;&gt;&lt;script&gt;x&lt;/script&gt;"


@dataclass(frozen=True)
class Line:
    """A row of a table of this file."""

    name: str
    cost_nanos: int | None = None


class LinesTable(Grid):
    """One column of each kind."""

    look = "lines"

    about = cells.row_head("components/cells/count", "About")
    name = cells.words("name", "Name", {"class": "mono", "data-of": lambda record: record.name or None})
    cost = cells.money("cost_nanos", "Cost")

    def row_id(self, record: Line) -> str:
        return f"line-{record.name}"

    def severity_of(self, record: Line) -> int | None:
        return 2 if record.cost_nanos else None


def drawn(*lines: Line) -> list[str]:
    """The rows as markup."""
    table = LinesTable(lines)
    vars(table)["context"] = Context()
    return [*table.shown()]


def test_a_row_says_what_it_is_to_the_page_and_nothing_that_it_is_not() -> None:
    dear, free = drawn(Line("a", 1_000_000_000), Line("b"))
    assert dear.startswith('<tr id="line-a" data-severity="2" data-row="" tabindex="-1" role="row">')
    assert free.startswith('<tr id="line-b" data-row="" tabindex="-1" role="row">')


def test_each_column_draws_its_cell_in_its_place() -> None:
    (row,) = drawn(Line("a", 1_000_000_000))
    head, name, cost = row.partition('role="row">')[2].removesuffix("</tr>").split("<t")[1:]
    assert head.startswith('h data-column="count" role="rowheader" scope="row">')
    assert name == 'd data-column="name" class="mono" data-of="a" role="cell">a</td>'
    assert "$1.00" in cost


def test_an_attribute_that_a_row_has_not_is_left_out() -> None:
    (row,) = drawn(Line(""))
    assert "data-of" not in row


def test_words_and_attributes_are_text_whatever_is_in_them() -> None:
    (row,) = drawn(Line(HOSTILE))
    assert HOSTILE not in row
    assert f'id="line-{ESCAPED}"' in row
    assert f'data-of="{ESCAPED}"' in row
    assert f">{ESCAPED}</td>" in row
