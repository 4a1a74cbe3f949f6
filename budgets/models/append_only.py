"""Rows that are written once: the ORM refuses to change or delete them."""

from typing import Any, Never, TypeVar

from django.db import models

AnyModel = TypeVar("AnyModel", bound=models.Model)


class AppendOnlyError(TypeError):
    """Somebody tried to edit or delete a row of an append-only table."""


class AppendOnlyQuerySet(models.QuerySet[AnyModel]):
    """Reads and inserts only."""

    def update(self, **_values: Any) -> Never:
        """Refused: write a new row instead."""
        raise AppendOnlyError(f"{self.model.__name__} rows are never edited")

    def delete(self) -> Never:
        """Refused: history stays."""
        raise AppendOnlyError(f"{self.model.__name__} rows are never deleted")


class AppendOnly(models.Model):
    """A model whose rows may be added and read."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Saves a new row; refuses one that is stored already."""
        if not self._state.adding:
            raise AppendOnlyError(f"{type(self).__name__} rows are never edited")
        super().save(*args, **kwargs)

    def delete(self, *_args: Any, **_kwargs: Any) -> Never:
        """Refused: history stays."""
        raise AppendOnlyError(f"{type(self).__name__} rows are never deleted")
