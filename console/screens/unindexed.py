"""Columns that no index answers for, where an index of another column is the one that bounds the work."""

from django.db.models import F, Value
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Coalesce


def text_of(column: str) -> Coalesce:
    """A text column as an expression.

    SQLite without statistics takes the index of every term for as good as any, and one that sorts or groups for
    better: it then walks all failed runs of a tenant to find those of the last hour.
    """
    return Coalesce(F(column), Value(""))


def number_of(column: str) -> CombinedExpression:
    """A column of numbers in the same way."""
    return F(column) + Value(0)
