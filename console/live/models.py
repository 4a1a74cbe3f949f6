"""The epoch of the live feed: one token for each database, made at its first use."""

import secrets
from typing import Self

from django.db import models


class LiveEpoch(models.Model):
    """The one row whose token tells whether a page's cursor counts in this database."""

    token = models.CharField(max_length=16)

    def __str__(self) -> str:
        return self.token

    @classmethod
    def current(cls) -> str:
        """The token of this database."""
        return cls._row().token

    @classmethod
    def renew(cls) -> None:
        """No cursor of any page counts any more: the rows that it was counted in have been replaced."""
        cls.objects.update_or_create(pk=1, defaults={"token": secrets.token_hex(8)})

    @classmethod
    def _row(cls) -> Self:
        row, _ = cls.objects.get_or_create(pk=1, defaults={"token": secrets.token_hex(8)})
        return row
