"""Compares the tiers of a file with those of the database, setting by setting."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from agents.config.content import Settings, TierKey, shown_instant
from agents.config.database import Setting
from agents.config.document import in_words
from agents.config.llm_names import llm_fault
from agents.config.plan import Comparison, Left, TierWrite
from agents.config.sections import SETTINGS
from agents.config.writing import shown_setting
from budgets.tier_settings import Level, SettingRefused, TierSettings, check_order, limits_of

INHERITED: Final = object()
FILE_NAMES = {stored: name for name, stored in SETTINGS.items()}


@dataclass(frozen=True, slots=True)
class _Tier:
    """A tier as it will be."""

    level: Level
    own: TierSettings


def compare_tiers(draft: Comparison) -> None:
    """General before specific: a wide limit is raised before the narrow ones within it."""
    edits: dict[TierKey, TierWrite] = {}
    for key in sorted(draft.wanted.tiers, key=lambda key: (bool(key.user), bool(key.surface), key)):
        _check_place(draft, key)
        if edit := _edit(draft, key):
            edits[key] = edit
            _differ(draft, edit)
    after = {**draft.present.now, **{key: _after(draft, edit) for key, edit in edits.items()}}
    for edit in edits.values():
        _check(draft, edit, after)
    draft.leave("tiers", [key.path for key in draft.found.tiers if key not in draft.wanted.tiers])


def _check_place(draft: Comparison, key: TierKey) -> None:
    if key.tenant not in {**draft.wanted.tenants, **draft.found.tenants}:
        draft.refuse(key.path[:2], "There is no such tenant, here under tenants or in the database.", at_key=True)
    elif key.surface and key[:2] not in {**draft.wanted.surfaces, **draft.found.surfaces}:
        draft.refuse(key.path[:3], f"{key.tenant} has no such surface, here or in the database.", at_key=True)


def _edit(draft: Comparison, key: TierKey) -> TierWrite | None:
    """What would have to be edited for the wanted settings to last; what lasts already needs no edit."""
    wanted, lasting = draft.wanted.tiers[key], draft.found.tiers.get(key, {})
    changed: dict[str, Any] = {}
    for name in FILE_NAMES:
        value = wanted.get(name, INHERITED)
        if value != lasting.get(name, INHERITED):
            changed[name] = value
        elif draft.present.passing.get(Setting(key, name)):
            draft.left.append(
                Left((*key.path, FILE_NAMES[name]), f"{_before(draft, key, name)}, by an edit that expires")
            )
    if not changed:
        return None
    unset = tuple(name for name, value in changed.items() if value is INHERITED)
    return TierWrite(key, {name: value for name, value in changed.items() if name not in unset}, unset)


def _differ(draft: Comparison, edit: TierWrite) -> None:
    names = [name for name in FILE_NAMES if name in edit.changes or name in edit.unset]
    after = {FILE_NAMES[name]: _shown(name, edit.changes.get(name, INHERITED)) for name in names}
    before = {FILE_NAMES[name]: _before(draft, edit.key, name) for name in names}
    is_new = edit.key not in draft.present.now
    draft.differ(edit.key.path, edit, None if is_new else before, after)


def _before(draft: Comparison, key: TierKey, name: str) -> str:
    """What stands there now, and until when if it would end by itself."""
    shown = _shown(name, _now(draft, key).get(name, INHERITED))
    until = draft.present.passing.get(Setting(key, name))
    return f"{shown} until {shown_instant(until)}" if until else shown


def _shown(name: str, value: Any) -> str:
    if value is INHERITED:
        return "inherited"
    shown = shown_setting(name, value)
    return shown if isinstance(shown, str) and shown else json.dumps(shown)


def _now(draft: Comparison, key: TierKey) -> Settings:
    return draft.present.now.get(key, {})


def _after(draft: Comparison, edit: TierWrite) -> Settings:
    settings = {**_now(draft, edit.key), **edit.changes}
    return {name: value for name, value in settings.items() if name not in edit.unset}


def _check(draft: Comparison, edit: TierWrite, after: Mapping[TierKey, Settings]) -> None:
    """What the verb will check when it is written, so that it is known before anybody agrees."""
    covering = [_Tier(key.level, TierSettings.read(after[key])) for key in edit.key.covering if key in after]
    for name in (*edit.changes, *edit.unset):
        try:
            check_order([name], limits_of(covering))
        except SettingRefused as refused:
            draft.refuse((*edit.key.path, FILE_NAMES[name]), in_words(refused, FILE_NAMES[name]))
    cheaper_llm = edit.changes.get("cheaper_llm")
    if cheaper_llm and (fault := llm_fault(cheaper_llm)):
        draft.refuse((*edit.key.path, "cheaper_llm"), fault)
