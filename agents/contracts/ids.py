"""Identifiers of runs and spans."""

import secrets
from datetime import datetime

from uuid_utils import uuid7


def new_run_id() -> str:
    """A time-ordered run id: 32 hex digits of a UUIDv7, so that the primary key grows at its right end."""
    return uuid7().hex


def new_span_id() -> str:
    """An OpenTelemetry-sized span id: 16 hex digits."""
    return secrets.token_hex(8)


def short_id(run_id: str) -> str:
    """What people read and say: the last six digits, which are random (the first ones are a clock)."""
    return run_id[-6:]


def first_run_id(launched_at: datetime) -> str:
    """The least id that a run launched at this moment could have: whoever looks for runs since then starts here."""
    return f"{int(launched_at.timestamp() * 1000):012x}".ljust(32, "0")
