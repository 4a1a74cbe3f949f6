"""Two people at one tier: what the second is told, and a form that keeps what both did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from budgets.models import TierEdit
from budgets.tier_edits import version_of
from console.screens.tiers.history import FieldChange, changes_between, settings_at
from console.screens.tiers.place import Place
from console.screens.tiers.settings import SETTINGS


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that was done to the tier meanwhile."""

    edit: TierEdit
    lapsed: bool


@dataclass(frozen=True, slots=True)
class Conflict:
    """What changed since the form was opened, by whom; `before` is what the tier set then."""

    happenings: Sequence[Happening]
    changes: Sequence[FieldChange]
    before: Mapping[str, Any]


def conflict_since(place: Place, seen: str) -> Conflict | None:
    """None when the tier is still what was seen, or when nobody said what was seen."""
    if not seen or seen == version_of(place.tier):
        return None
    seen_at = _instant(seen)
    edits = list(TierEdit.objects.filter(tier_id=place.tier.pk).order_by("pk"))
    made = [Happening(each, lapsed=False) for each in edits if seen_at is None or each.made_at > seen_at]
    gone = [
        Happening(each, lapsed=True) for each in edits if each.lapsed_at and (not seen_at or each.lapsed_at > seen_at)
    ]
    before = settings_at(edits, seen_at) if seen_at else {}
    return Conflict([*made, *gone], changes_between(before, place.tier.settings), before)


def rebased(posted: Mapping[str, str], place: Place, conflict: Conflict) -> dict[str, str]:
    """What was posted, but settings that this person left alone are as they stand now."""
    data = {name: value for name, value in posted.items() if name != "confirmed"}
    data["seen"] = version_of(place.tier)
    for name, setting in SETTINGS.items():
        if _given(data, name) == setting.shown(conflict.before):
            data[f"{name}_mode"], data[name] = setting.shown(place.tier.settings)
    return data


def _given(data: Mapping[str, str], name: str) -> tuple[str, str]:
    mode = data.get(f"{name}_mode", "inherit")
    text = "\n".join(line.strip() for line in data.get(name, "").splitlines())
    return mode, text if mode == "own" else ""


def _instant(seen: str) -> datetime | None:
    try:
        return datetime.fromisoformat(seen)
    except ValueError:
        return None
