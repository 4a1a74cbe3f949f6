"""Queries whose SQL Django writes once in a process: of a large one it takes longer than the database to answer it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import BigIntegerField, Expression, Field, QuerySet
from django.db.models.sql.compiler import SQLCompiler


class Given(Expression):
    """In a condition, the place of a value that is known when the query is asked; what stands there may not be None."""

    def __init__(self, name: str, field: "Field[Any, Any]") -> None:
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, _compiler: SQLCompiler, _connection: object) -> tuple[str, list[object]]:  # type: ignore[override]  # stubs ask for strings
        """One parameter: this place itself."""
        return "%s", [self]

    def bound(self, given: Mapping[str, object]) -> object:
        """What is given for it, as the database takes it."""
        return self.output_field.get_db_prep_value(given[self.name], connection)


TENANT = Given("tenant", BigIntegerField())
"""The key of the tenant that is asked about."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A statement, its parameters, some of which are places, and the columns that it answers with."""

    statement: str
    parameters: tuple[object, ...]
    columns: tuple[Expression, ...]

    def ask(self, **given: object) -> list[tuple[Any, ...]]:
        """The rows; one query."""
        values: list[Any] = [each.bound(given) if isinstance(each, Given) else each for each in self.parameters]
        with connection.cursor() as cursor:
            cursor.execute(self.statement, values)
            found = cursor.fetchall()
        return list(zip(*map(_converted, self.columns, zip(*found, strict=True)), strict=True))


def prepared(rows: "QuerySet[Any, Any]") -> Prepared:
    """The query of rows of values, whose conditions may have places in them; it must not depend on anything else."""
    compiler = rows.query.get_compiler(connection=connection)
    statement, parameters = compiler.as_sql()
    return Prepared(statement, tuple(parameters), tuple(column for column, _, _ in compiler.select))


def _converted(column: Expression, values: tuple[Any, ...]) -> tuple[Any, ...]:
    """The values of a column as Django gives them."""
    for convert in (*connection.ops.get_db_converters(column), *column.get_db_converters(connection)):
        values = tuple(convert(value, column, connection) for value in values)
    return values
