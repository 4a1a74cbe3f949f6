"""A file's content, checked for everything that can be told without a database."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

from agents.config.agent_entries import AgentEntries
from agents.config.complaints import complaints
from agents.config.content import (
    EVERYWHERE,
    SECTIONS,
    Content,
    Price,
    PriceKey,
    Settings,
    SurfaceKey,
    TenantFacts,
    TierKey,
)
from agents.config.faults import Fault, Path, Refused
from agents.config.reading import Source, read
from agents.config.sections import SETTINGS, Prices, Surfaces, Tenants, TierEntry, Tiers, version_shape
from budgets.pricing import RatesError
from budgets.tier_settings import SettingRefused, TierSettings, check_level

Shape = TypeVar("Shape")


@dataclass(frozen=True, slots=True)
class Document:
    """What a file says, and where; `price_paths` lead to the versions of prices."""

    content: Content
    source: Source
    price_paths: Mapping[PriceKey, Path]

    def fault(self, path: Path, text: str, *, at_key: bool = False) -> Fault:
        """A fault in this file."""
        return self.source.fault(path, text, at_key=at_key)


def parse(content: bytes) -> Document:
    """Reads a file. Raises `Refused` with everything that is wrong in it."""
    parser = _Parser(read(content))
    document = parser.document()
    if parser.faults:
        raise Refused(parser.faults)
    return document


class _Parser:
    """Goes through all sections, so that one look at the errors shows them all."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.faults: list[Fault] = []
        self.price_paths: dict[PriceKey, Path] = {}

    def document(self) -> Document:
        tree = self.source.tree
        for name in tree:
            if name not in SECTIONS:
                self.refuse((name,), f"There is no such section; only: {', '.join(SECTIONS)}.", at_key=True)
        tenants, surfaces = self._section("tenants", Tenants), self._section("surfaces", Surfaces)
        agents = AgentEntries(self.source, self.faults)
        content = Content(
            sections=frozenset(name for name in SECTIONS if name in tree),
            tenants={slug: TenantFacts(entry.name, entry.timezone) for slug, entry in tenants.items()},
            surfaces={
                SurfaceKey(tenant, slug): entry.name
                for tenant, entries in surfaces.items()
                for slug, entry in entries.items()
            },
            tiers=self._tiers(self._section("tiers", Tiers)),
            prices=self._prices(self._section("prices", Prices)),
            tools=agents.tools(),
            agents=agents.agents(),
        )
        return Document(content, self.source, self.price_paths)

    def refuse(self, path: Path, text: str, *, at_key: bool = False) -> None:
        self.faults.append(self.source.fault(path, text, at_key=at_key))

    def _section(self, name: str, shape: type[Shape]) -> Shape:
        """The section as it should be; empty where it is not in the file or is refused."""
        return self._valid((name,), shape, self.source.tree.get(name, {})) or cast(Shape, {})

    def _valid(self, path: Path, shape: type[Shape], tree: object) -> Shape | None:
        try:
            return TypeAdapter(shape).validate_python(tree)
        except ValidationError as error:
            self.faults += complaints(self.source, path, shape, error)
            return None

    def _tiers(self, tiers: Tiers) -> dict[TierKey, Settings]:
        found: dict[TierKey, Settings] = {}
        for tenant, places in tiers.items():
            for place, entry in places.items():
                key = TierKey(tenant, "" if place == EVERYWHERE else place)
                if entry.written() or not entry.users:
                    found[key] = self._settings(key, entry)
                for user, own in entry.users.items():
                    of_user = key._replace(user=user)
                    found[of_user] = self._settings(of_user, own)
        return found

    def _settings(self, key: TierKey, entry: TierEntry) -> Settings:
        good: dict[str, Any] = {}
        for name, value in entry.written().items():
            try:
                check_level(key.level, [SETTINGS[name]])
                good |= TierSettings.read({SETTINGS[name]: value}).stored()
            except SettingRefused as refused:
                self.refuse((*key.path, name), in_words(refused, name))
        return good

    def _prices(self, prices: Prices) -> dict[PriceKey, Price]:
        found: dict[PriceKey, Price] = {}
        for name, versions in prices.items():
            for index, tree in enumerate(versions):
                path: Path = ("prices", name, index)
                entry = self._valid(path, version_shape(name, tree), tree)
                if entry is None:
                    continue
                key = PriceKey(name, entry.effective_from)
                if key in found:
                    self.refuse((*path, "effective_from"), "Another version of this price begins at the same instant.")
                self.price_paths[key] = path
                try:
                    found[key] = entry.price()
                except RatesError as error:
                    self.refuse((*path, "long_context"), f"{error}.")
        return found


def in_words(refused: SettingRefused, name: str) -> str:
    """The refusal of a setting, under its name in the file."""
    return refused.text.replace(SETTINGS.get(name, name), name)
