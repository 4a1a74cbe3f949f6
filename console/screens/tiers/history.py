"""The edits of one tier as a story: what each set, what stood before, and what counted again when one lapsed. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from console.screens.tiers.settings import SETTINGS

INHERITED = "inherited"

State = Literal["counts", "covered", "lapsed"]


class EditLike(Protocol):
    """An edit as it is stored."""

    @property
    def pk(self) -> int: ...
    @property
    def changes(self) -> Mapping[str, Any]: ...
    @property
    def unset(self) -> Sequence[str]: ...
    @property
    def before(self) -> Mapping[str, Any]: ...
    @property
    def made_at(self) -> datetime: ...
    @property
    def lapsed_at(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One setting before and after, in words."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Entry:
    """An edit with what it changed; `again` says what counted once it had lapsed."""

    edit: EditLike
    fields: Sequence[FieldChange]
    state: State
    again: Sequence[FieldChange]


def entries(edits: Iterable[EditLike]) -> list[Entry]:
    """The story of these edits, which are all of their tier, newest first."""
    in_order = sorted(edits, key=lambda edit: edit.pk)
    return [_entry(edit, in_order) for edit in reversed(in_order)]


def settings_at(edits: Iterable[EditLike], at: datetime) -> dict[str, Any]:
    """What the tier set at an instant: the sum of the edits that counted then."""
    settings: dict[str, Any] = {}
    for edit in sorted(edits, key=lambda edit: edit.pk):
        if edit.made_at <= at and (edit.lapsed_at is None or edit.lapsed_at > at):
            settings |= edit.changes
            settings = {name: value for name, value in settings.items() if name not in edit.unset}
    return settings


def changes_between(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[FieldChange]:
    """The settings that differ, in the order of the form."""
    differing = [n for n in SETTINGS if (n in before, before.get(n)) != (n in after, after.get(n))]
    return [FieldChange(SETTINGS[name].label, _words(before, name), _words(after, name)) for name in differing]


def names_of(edit: EditLike) -> list[str]:
    """The settings that an edit is about, in the order of the form."""
    return [name for name in SETTINGS if name in edit.changes or name in edit.unset]


def _entry(edit: EditLike, in_order: Sequence[EditLike]) -> Entry:
    fields = [FieldChange(SETTINGS[n].label, _words(edit.before, n), _words(edit.changes, n)) for n in names_of(edit)]
    if edit.lapsed_at is None:
        later = [each for each in in_order if each.pk > edit.pk and each.lapsed_at is None]
        covered = all(any(name in names_of(each) for each in later) for name in names_of(edit))
        return Entry(edit, fields, "covered" if covered else "counts", ())
    then = settings_at(in_order, edit.lapsed_at)
    again = [FieldChange(SETTINGS[n].label, _words(edit.changes, n), _words(then, n)) for n in names_of(edit)]
    return Entry(edit, fields, "lapsed", again)


def _words(settings: Mapping[str, Any], name: str) -> str:
    return SETTINGS[name].words(settings[name]) if name in settings else INHERITED
