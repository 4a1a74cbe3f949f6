"""Statements and rows of the hot path, in the form in which each driver takes them."""

import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Protocol

SqlValue = str | int | None
Row = Sequence[SqlValue]
Write = tuple[str, Sequence[Row]]
"""A statement, and the rows that it is run over."""

_ENCODER = json.JSONEncoder(separators=(",", ":"))


class Rows(Protocol):
    """What has the rows of one query, now or soon."""

    def fetchall(self) -> list[tuple[Any, ...]]:
        """All of them."""


def as_parameter(rows: Iterable[Row]) -> str:
    """Rows in one JSON parameter, the form that `hot_sql.select_rows` takes."""
    return _ENCODER.encode(list(rows))


def as_list(values: Iterable[SqlValue]) -> str:
    """Values in one JSON parameter."""
    return _ENCODER.encode(list(values))


@lru_cache(maxsize=256)
def question_marks(sql: str) -> str:
    """A statement as SQLite takes it."""
    return sql.replace("%s", "?")


@lru_cache(maxsize=256)
def numbered(sql: str) -> bytes:
    """A statement as PostgreSQL itself takes it."""
    first, *others = sql.split("%s")
    return (first + "".join(f"${number}{text}" for number, text in enumerate(others, start=1))).encode()
