"""What people did, as the page shows it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from django.db.models import Q

from budgets.models import Action, Tenant
from budgets.money import format_usd

PAGE = 50
DIGEST = re.compile(r"[0-9a-f]{32,}")
LONGEST_VALUE = 80


@dataclass(frozen=True, slots=True)
class Asked:
    """Which actions are wanted: of one actor, of a kind (``tier``, or ``tier.edit``), on one run, before an id."""

    actor: str = ""
    verb: str = ""
    run: str = ""
    before: int | None = None

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Self:
        """From an address; what is no number is no place to go on from."""
        before = given.get("before", "")
        place = int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None
        return cls(given.get("actor", "").strip(), given.get("verb", "").strip(), given.get("run", "").strip(), place)

    def __bool__(self) -> bool:
        return bool(self.actor or self.verb or self.run)


@dataclass(frozen=True, slots=True)
class Change:
    """One thing before and after, as short text; None: it was not there."""

    name: str
    before: str | None
    after: str | None

    @property
    def is_digest(self) -> bool:
        """Whether it is a digest, which nobody reads but some compare: shown short, to be copied whole."""
        return bool(self.after and DIGEST.fullmatch(self.after) and DIGEST.fullmatch(self.before or self.after))


@dataclass(frozen=True, slots=True)
class Done:
    """An action and what it changed."""

    action: Action
    changes: list[Change]

    @property
    def pk(self) -> int:
        return self.action.pk


@dataclass(frozen=True, slots=True)
class Part:
    """One page of actions, newest first, and the id to go on from, None at the end."""

    done: list[Done]
    older: int | None


def actions_of(tenant: Tenant, asked: Asked) -> Part:
    """What was done in the tenant, and what holds for all tenants."""
    rows = Action.objects.filter(Q(tenant=tenant) | Q(tenant=None, run_id="")).order_by("-pk")
    if asked.actor:
        rows = rows.filter(actor=asked.actor)
    if asked.verb:
        rows = rows.filter(Q(verb=asked.verb) | Q(verb__startswith=f"{asked.verb}."))
    if asked.run:
        rows = rows.filter(run_id=asked.run)
    if asked.before is not None:
        rows = rows.filter(pk__lt=asked.before)
    found = list(rows[: PAGE + 1])
    page = [Done(action, changes_of(action.before, action.after)) for action in found[:PAGE]]
    return Part(page, page[-1].pk if len(found) > PAGE else None)


def changes_of(before: Mapping[str, object], after: Mapping[str, object]) -> list[Change]:
    """What differs, in the order in which it was written down."""
    names = dict.fromkeys([*before, *after])
    return [
        Change(name.removesuffix("_nanos").replace("_", " "), _text(before, name), _text(after, name))
        for name in names
        if before.get(name) != after.get(name)
    ]


def _text(values: Mapping[str, object], name: str) -> str | None:
    value = values.get(name)
    if value is None:
        return None
    text = format_usd(value) if name.endswith("_nanos") and isinstance(value, int) else str(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"
