"""The arguments of a call as named fields, for whoever has to judge it."""

from django import template

from agents.contracts.base import JsonObject
from console.screens.run.json_tree import arguments_of

register = template.Library()


@register.inclusion_tag("components/_arguments.html")
def arguments(value: JsonObject, *, id: str) -> dict[str, object]:
    """A row for each argument, and the whole as JSON under ``id`` on demand."""
    return {"value": value, "id": id, "nodes": arguments_of(value)}
