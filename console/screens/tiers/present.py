"""What holds at a place now, setting by setting, and where each value comes from."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from budgets.models import Tier
from budgets.tier_settings import Resolved, resolve
from console.screens.tiers.place import Place
from console.screens.tiers.settings import SETTINGS, SOURCES, Setting

BY_SURFACE = "by surface"


@dataclass(frozen=True, slots=True)
class Present:
    """One setting: its value in words, whose tier says so, and what would hold if this tier did not."""

    setting: Setting
    words: str
    source: str
    own: bool
    inherited: str

    @property
    def long(self) -> bool:
        """Whether the words need more than a narrow cell."""
        return len(self.words) > 16


def present(place: Place, tiers: Sequence[Tier]) -> Mapping[str, Present]:
    """Every setting, given all tiers of the tenant."""
    around = [each for each in covering(place, tiers) if each.pk != place.tier.pk]
    without, now = resolve(around), resolve([*around, place.tier])
    varying = _set_by_surfaces(tiers) if place.level == "user" else frozenset()
    return {name: _present(SETTINGS[name], place, now[name], without[name], name in varying) for name in SETTINGS}


def covering(place: Place, tiers: Iterable[Tier]) -> list[Tier]:
    """Those tiers that say something at this place."""
    surface_id = place.surface.pk if place.surface else None
    return [each for each in tiers if each.surface_id in (None, surface_id) and each.user in ("", place.user)]


def _set_by_surfaces(tiers: Iterable[Tier]) -> frozenset[str]:
    """What a surface may say before the tenant: for a user everywhere, it depends on where they are."""
    said = (each.settings for each in tiers if each.surface_id is not None and not each.user)
    return frozenset(name for settings in said for name in settings)


def _present(setting: Setting, place: Place, now: Resolved, without: Resolved, varies: bool) -> Present:
    own = now.level == place.level and setting.name in place.tier.settings
    inherited = BY_SURFACE if varies else f"{setting.words(without.value)}, {SOURCES[without.level]}"
    if own or not varies:
        return Present(setting, setting.words(now.value), "own" if own else SOURCES[now.level], own, inherited)
    return Present(setting, BY_SURFACE, "", own, inherited)
