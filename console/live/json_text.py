"""A field of a JSON column as plain text, the cheapest way each database has: for scans of a whole trace."""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Func, TextField, Value
from django.db.models.sql.compiler import SQLCompiler


class JsonText(Func):
    """The field's text, or NULL. Django's own transform asks SQLite for the type of each value too."""

    output_field = TextField()
    arg_joiner = " ->> "
    template = "(%(expressions)s)"

    def __init__(self, column: str, name: str) -> None:
        super().__init__(column, Value(name))

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **more: Any) -> tuple[str, Any]:
        """SQLite's operator takes the name of a field too, and gives numbers as numbers."""
        sql, parameters = self.as_sql(compiler, connection, **more)
        return f"CAST({sql} AS TEXT)", parameters
