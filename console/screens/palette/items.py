"""What the palette can lead to: entries, how text finds them, and which come first. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

GROUP_ROWS = 8
RECENT_ROWS = 6


@dataclass(frozen=True, slots=True)
class Item:
    """One entry: a link, or with ``setting`` a button that sets it; ``dialog`` opens the link in a dialog.

    ``also`` are words that find it and are not shown.
    """

    group: str
    label: str
    href: str = ""
    hint: str = ""
    also: str = ""
    keys: str = ""
    setting: str = ""
    value: str = ""
    opens: str = ""
    dialog: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Entries under one heading."""

    title: str
    items: Sequence[Item]


def grouped(items: Iterable[Item], text: str, recent: Sequence[str]) -> list[Group]:
    """What the text finds, the best of each group first; what was open lately comes in a group before all others."""
    words = text.casefold().split()
    found = [item for item in items if _matches(item, words)]
    lately = _lately(found, recent)
    groups: dict[str, list[Item]] = {}
    for item in sorted((item for item in found if item not in lately), key=lambda item: _rank(item, words)):
        groups.setdefault(item.group, []).append(item)
    order = list(dict.fromkeys(item.group for item in found))
    shown = [Group(title, groups[title][:GROUP_ROWS]) for title in order if title in groups]
    return [Group("Lately", lately), *shown] if lately else shown


def _matches(item: Item, words: Sequence[str]) -> bool:
    text = f"{item.group} {item.label} {item.hint} {item.also}".casefold()
    return all(word in text for word in words)


def _lately(found: Iterable[Item], recent: Sequence[str]) -> list[Item]:
    at: Mapping[str, Item] = {item.href: item for item in found if item.href}
    return [at[href] for href in dict.fromkeys(recent) if href in at][:RECENT_ROWS]


def _rank(item: Item, words: Sequence[str]) -> tuple[bool, bool]:
    """Names that have all that was typed first, before them those that begin with it; else as they come."""
    label = item.label.casefold()
    return not all(word in label for word in words), bool(words) and not label.startswith(words[0])
