"""The csv_summary tool: what the columns of a CSV file hold, with exact sums."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Context, Decimal

from pydantic import Field, JsonValue

from agents.contracts.base import JsonObject
from agents.contracts.calls import Call, ToolRefusal
from agents.library.documents.attached_files import find_file, read_text
from agents.tools.define import Arguments, python_tool

NUMERIC = re.compile(r"[+-]?(?:\d{1,40}(?:\.\d{1,20})?|\.\d{1,20})")
EXACT = Context(prec=120)  # sums of 40 + 20 digits over any file that fits stay exact
MAX_COLUMNS = 20
MAX_GROUPS = 12
MAX_GROUP_SUMS = 4
NAMED_COLUMNS = 10
CELL_CHARACTERS = 60
DIFFERENT_VALUES = 1_000


class CsvArguments(Arguments):
    document: str = Field(min_length=1, max_length=255, description="The CSV file's name as list_documents gives it.")
    group_by: str | None = Field(
        default=None,
        max_length=200,
        description="A column whose values split the sums of the numeric columns.",
    )


@dataclass
class Group:
    """The rows that share a value of one column, and their sums by the place of the column."""

    rows: int = 0
    sums: dict[int, Decimal] = field(default_factory=dict)


class Column:
    """Running figures of one column."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.filled = 0
        self.numbers = 0
        self.sum = Decimal(0)
        self.least: Decimal | None = None
        self.most: Decimal | None = None
        self.values: Counter[str] = Counter()

    def add(self, cell: str) -> Decimal | None:
        """Take a cell into account; its number when it is a plain one."""
        cell = cell.strip()
        if not cell:
            return None
        self.filled += 1
        shown = cell[:CELL_CHARACTERS]
        if len(self.values) < DIFFERENT_VALUES or shown in self.values:
            self.values[shown] += 1
        if not NUMERIC.fullmatch(cell):
            return None
        number = Decimal(cell)
        self.numbers += 1
        self.sum = EXACT.add(self.sum, number)
        self.least = number if self.least is None or number < self.least else self.least
        self.most = number if self.most is None or number > self.most else self.most
        return number

    @property
    def numeric(self) -> bool:
        """Every filled cell is a plain number."""
        return self.filled > 0 and self.numbers == self.filled

    def describe(self) -> JsonObject:
        """Figures as decimal strings, so that nothing is rounded but the mean (to 6 places)."""
        described: JsonObject = {"name": self.name, "filled": self.filled}
        if self.numeric and self.least is not None and self.most is not None:
            mean = EXACT.divide(self.sum, Decimal(self.numbers)).quantize(Decimal("1e-6"), ROUND_HALF_EVEN, EXACT)
            figures = {"min": self.least, "max": self.most, "sum": self.sum, "mean": mean}
            return {
                **described,
                "type": "number",
                **{name: plain(figure) for name, figure in figures.items()},
            }
        top: list[JsonValue] = [{"value": value, "count": count} for value, count in self.values.most_common(3)]
        different = len(self.values) if len(self.values) < DIFFERENT_VALUES else f"{DIFFERENT_VALUES} or more"
        return {**described, "type": "text", "different": different, "top": top}


def csv_summary(arguments: CsvArguments, call: Call) -> JsonValue:
    """Rows, columns, and the figures of numeric ones. Raises ToolRefusal for what is no table."""
    name, ref = find_file(call, arguments.document)
    if ref.media_type != "text/csv":
        raise ToolRefusal(f"{name} is no CSV file; read or search it instead")
    try:
        return _summary(name, read_text(name, ref), arguments.group_by)
    except csv.Error as error:
        raise ToolRefusal(f"{name} is not a readable table: {error}") from error


def _summary(name: str, text: str, group_by: str | None) -> JsonObject:
    rows = table_rows(text)
    header = [_column_name(cell, number) for number, cell in enumerate(next(rows, []), start=1)]
    if not header:
        raise ToolRefusal(f"{name} has no header row")
    grouped = _position(name, header, group_by)
    columns = [Column(cell) for cell in header]
    groups: dict[str, Group] = {}
    count = uneven = 0
    for row in rows:
        count += 1
        uneven += len(row) != len(header)
        numbers = [column.add(cell) for column, cell in zip(columns, row, strict=False)]  # uneven rows are counted
        if grouped is not None:
            _add_to_group(groups, row[grouped] if len(row) > grouped else "", numbers)
    described: list[JsonValue] = [column.describe() for column in columns[:MAX_COLUMNS]]
    return {
        "source": f"{name}#table",
        "title": f"{name}, {count} rows",
        "text": f"{name} has {count} rows and {len(header)} columns: {_names(header)}.",
        "rows": count,
        "uneven_rows": uneven,
        "columns": [] if groups else described,
        "groups": _describe_groups(groups, columns),
    }


def _names(header: list[str]) -> str:
    more = len(header) - NAMED_COLUMNS
    return ", ".join(header[:NAMED_COLUMNS]) + (f" and {more} more" if more > 0 else "")


def _column_name(cell: str, number: int) -> str:
    return cell.strip()[:CELL_CHARACTERS] or f"column {number}"


def _add_to_group(groups: dict[str, Group], value: str, numbers: list[Decimal | None]) -> None:
    group = groups.setdefault(value.strip()[:CELL_CHARACTERS], Group())
    if len(groups) > DIFFERENT_VALUES:
        raise ToolRefusal(f"that column has more than {DIFFERENT_VALUES} different values; group by another one")
    group.rows += 1
    for place, number in enumerate(numbers):
        if number is not None:
            group.sums[place] = EXACT.add(group.sums.get(place, Decimal(0)), number)


def table_rows(text: str) -> Iterator[list[str]]:
    """The rows that are not empty; the separator is the one of , ; tab | that the first line has most of."""
    first = text.lstrip().split("\n", 1)[0]
    separator = max(",;\t|", key=first.count)
    return (row for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if any(map(str.strip, row)))


def plain(number: Decimal) -> str:
    """A decimal without exponent and without trailing zeros after the point."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _position(name: str, header: list[str], group_by: str | None) -> int | None:
    if group_by is None:
        return None
    names = [cell.casefold() for cell in header]
    if group_by.strip().casefold() not in names:
        raise ToolRefusal(f"{name} has no column {group_by!r}; its columns are: {_names(header)}")
    return names.index(group_by.strip().casefold())


def _describe_groups(groups: dict[str, Group], columns: list[Column]) -> list[JsonValue]:
    """The largest groups, with the sums of the first numeric columns."""
    numeric = [place for place, column in enumerate(columns) if column.numeric][:MAX_GROUP_SUMS]
    largest = sorted(groups.items(), key=lambda group: (-group[1].rows, group[0]))
    return [
        {
            "value": value,
            "rows": group.rows,
            "sums": {columns[place].name: plain(group.sums.get(place, Decimal(0))) for place in numeric},
        }
        for value, group in largest[:MAX_GROUPS]
    ]


CSV_SUMMARY = python_tool(
    "csv_summary",
    [csv_summary],
    description="Describe a CSV file: rows, columns, and for each numeric column exact min, max, sum and "
    "mean; with `group_by` also the sums for each value of a column.",
    timeout_seconds=60.0,
    capability="the sums of the table",
    degraded_advice="The table cannot be summed up; state no total.",
)
