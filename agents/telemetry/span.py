"""A finished span as it leaves, before any library of OpenTelemetry sees it."""

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

Attribute = str | int | bool | list[str]
Attributes = dict[str, Attribute]


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that happened within a span."""

    name: str
    at: datetime
    attributes: Attributes


@dataclass(slots=True)
class Span:
    """``span_id`` and ``parent_id`` are 16 hex digits; ``error`` is "" unless it ended badly.

    ``described`` says more of the error; it is content, and "" unless content was asked for.
    """

    run_id: str
    span_id: str
    parent_id: str
    name: str
    started_at: datetime
    ended_at: datetime
    kind: Literal["client", "internal"] = "internal"
    attributes: Attributes = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)
    error: str = ""
    described: str = ""


def root_id(run_id: str) -> str:
    """The id of the span of a whole run: whichever process writes it, its children already know it."""
    return _derived(f"{run_id}:run")


def stretch_id(run_id: str, epoch: int) -> str:
    """The id of the span of one worker's stretch of work on a run."""
    return _derived(f"{run_id}:{epoch}")


def point_id(run_id: str, seq: int) -> str:
    """The id of the span of an event that stands alone."""
    return _derived(f"{run_id}:event:{seq}")


def launched_at(run_id: str) -> datetime:
    """When a run was launched: its id is a UUIDv7, which begins with the milliseconds."""
    return datetime.fromtimestamp(int(run_id[:12], 16) / 1000, UTC)


def _derived(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
