"""A process whose own clock is wrong: whatever of ours asks it gets the wrong time. The database has its own."""

import sys
from datetime import datetime, timedelta, tzinfo

import pytest
from django.utils import timezone

from budgets import clock

_ahead = timedelta()


class WrongDatetime(datetime):
    """What the modules of a wrong process take for datetime."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]  # a plain one, as others expect
        """The present, and what this clock is off."""
        return datetime.now(tz) + _ahead


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every module that we run read this clock, right for now; all but the one that speaks for the database."""
    set_ahead(timedelta())
    ours = [module for name, module in sys.modules.items() if name.startswith(("agents.", "budgets."))]
    for module in [timezone, *ours]:
        if module is not clock and getattr(module, "datetime", None) is datetime:
            monkeypatch.setattr(module, "datetime", WrongDatetime)


def set_ahead(ahead: timedelta) -> None:
    """From now on the clock is off by so much."""
    global _ahead
    _ahead = ahead
