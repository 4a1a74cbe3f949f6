"""What applying a file would do: the differences in the order in which they are written, and what is left alone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from agents.config.content import Content, Price, PriceKey, Section, SurfaceKey, TenantFacts, TierKey
from agents.config.database import Present
from agents.config.document import Document
from agents.config.faults import Fault, Path, dotted
from agents.contracts.specs import AgentSpec

NOT_NAMED = "not in the file"
"""Why most of what is left alone is."""

Kind = Literal["add", "change"]


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field: as text, possibly of several lines; None where it is not set."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class TenantWrite:
    """A tenant to make or change."""

    slug: str
    facts: TenantFacts


@dataclass(frozen=True, slots=True)
class SurfaceWrite:
    """A surface to make or rename."""

    key: SurfaceKey
    name: str


@dataclass(frozen=True, slots=True)
class TierWrite:
    """A tier to edit: fields under their stored names."""

    key: TierKey
    changes: Mapping[str, Any]
    unset: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PriceWrite:
    """A version of a price to add."""

    key: PriceKey
    price: Price


@dataclass(frozen=True, slots=True)
class AgentWrite:
    """The version that an agent is to have."""

    spec: AgentSpec


Write = TenantWrite | SurfaceWrite | TierWrite | PriceWrite | AgentWrite


@dataclass(frozen=True, slots=True)
class Difference:
    """One entry in which the file and the database differ; `write` None: it is written with another one."""

    path: Path
    kind: Kind
    fields: tuple[FieldChange, ...]
    write: Write | None

    @property
    def name(self) -> str:
        """The entry as people read it."""
        return dotted(self.path)


@dataclass(frozen=True, slots=True)
class Left:
    """Something that applying does not touch, and why."""

    path: Path
    why: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that applying would do; with `faults` it cannot be applied."""

    differences: tuple[Difference, ...]
    left: tuple[Left, ...]
    faults: tuple[Fault, ...]


@dataclass(slots=True)
class Comparison:
    """A plan in the making: what the comparisons of all sections add to."""

    document: Document
    present: Present
    differences: list[Difference] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @property
    def wanted(self) -> Content:
        """What the file says."""
        return self.document.content

    @property
    def found(self) -> Content:
        """What the database says."""
        return self.present.content

    def refuse(self, path: Path, text: str, *, at_key: bool = False) -> None:
        """Note what cannot be applied."""
        self.faults.append(self.document.fault(path, text, at_key=at_key))

    def differ(
        self, path: Path, write: Write | None, before: Mapping[str, str] | None, after: Mapping[str, str]
    ) -> None:
        """Note a difference between two sets of fields, if there is one; without `before` the entry is new."""
        fields = tuple(field_changes(before or {}, after))
        if fields or before is None:
            self.differences.append(Difference(path, "add" if before is None else "change", fields, write))

    def leave(self, section: Section, paths: Iterator[Path] | list[Path]) -> None:
        """Note what the file does not name in a section that it has; of other sections it says nothing."""
        if section in self.wanted.sections:
            self.left += [Left(path, NOT_NAMED) for path in paths]


def field_changes(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[FieldChange]:
    """The fields that are not the same, in the order of `after`, then those that are gone."""
    for name in dict.fromkeys([*after, *before]):
        if before.get(name) != after.get(name):
            yield FieldChange(name, before.get(name), after.get(name))
