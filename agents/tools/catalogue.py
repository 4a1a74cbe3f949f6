"""The catalogue: the tools that agents can be given, by name."""

from collections.abc import Iterable
from typing import Final

from django.db import transaction
from django.utils import timezone

from agents.contracts.digest import spec_digest
from agents.contracts.specs import ToolSpec
from agents.models import Tool
from agents.models.tool import ToolOrigin
from budgets import actions

LIBRARY: Final = "library"


class NameTaken(Exception):
    """Another tool, from elsewhere, has this name; the message says which."""


def keep_tool(*, spec: ToolSpec, origin: ToolOrigin, actor: str, reason: str = "") -> bool:
    """Keep a tool under its name, in place of what was there. False when that was the same.

    Agents that were given it before keep what they have.
    """
    digest = spec_digest(spec)
    with transaction.atomic():
        found = Tool.objects.select_for_update().filter(name=spec.name).first()
        if found is not None and (found.digest, found.origin) == (digest, origin):
            return False
        content = {"spec": spec.model_dump(mode="json"), "digest": digest, "origin": origin, "changed_by": actor}
        Tool.objects.update_or_create(name=spec.name, defaults={**content, "changed_at": timezone.now()})
        if origin != LIBRARY:  # a release is no act of a person
            actions.note(
                actor=actor,
                verb="tool.kept",
                target=f"tool {spec.name}",
                reason=reason,
                before={"origin": found.origin, "digest": found.digest} if found else {},
                after={"origin": origin, "digest": digest},
            )
    return True


def refuse_taken(*, names: Iterable[str], origin: ToolOrigin) -> None:
    """Raises NameTaken when a tool from elsewhere has one of the names."""
    found = Tool.objects.filter(name__in=list(names)).exclude(origin=origin).order_by("name").first()
    if found is not None:
        raise NameTaken(f"There is a tool {found.name} from {found.get_origin_display()} already.")


def fill_from_library(specs: Iterable[ToolSpec]) -> None:
    """Keep the tools that the library ships, and leave alone what somebody has put in the place of one."""
    known = {tool.name: tool for tool in Tool.objects.only("name", "digest", "origin")}
    shipped: dict[str, ToolSpec] = {}
    for spec in specs:
        shipped.setdefault(spec.name, spec)
    for name, spec in shipped.items():
        found = known.get(name)
        if found is None or (found.origin == LIBRARY and found.digest != spec_digest(spec)):
            keep_tool(spec=spec, origin=LIBRARY, actor=LIBRARY)
