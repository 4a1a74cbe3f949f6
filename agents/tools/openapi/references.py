"""``$ref`` within one document: what it leads to, and which ones lead back to themselves. Nothing is ever fetched."""

from collections.abc import Iterator
from urllib.parse import unquote

from pydantic import JsonValue

from agents.contracts.base import JsonObject
from agents.tools.openapi.document import BadDocument

MOST_STEPS = 20
MOST_REFERENCES = 1_000


def resolved(root: JsonObject, value: JsonValue) -> JsonObject:
    """The object itself, behind however many references. Raises BadDocument."""
    for _ in range(MOST_STEPS):
        if not isinstance(value, dict):
            raise BadDocument("Something that should be a mapping is none.")
        if not isinstance(reference := value.get("$ref"), str):
            return value
        value = looked_up(root, reference)
    raise BadDocument("A reference leads to a reference that leads back.")


def looked_up(root: JsonObject, reference: str) -> JsonValue:
    """What a reference names. Raises BadDocument for another document's, and for what is not there."""
    if not reference.startswith("#/"):
        raise BadDocument(f"{reference[:80]} refers to another document; write it into this one.")
    found: JsonValue = root
    for token in reference[2:].split("/"):
        name = unquote(token).replace("~1", "/").replace("~0", "~")
        if isinstance(found, list) and name.isdecimal() and len(name) < 7 and int(name) < len(found):
            found = found[int(name)]
        elif isinstance(found, dict) and name in found:
            found = found[name]
        else:
            raise BadDocument(f"{reference[:80]} leads nowhere.")
    return found


def references_in(value: JsonValue) -> Iterator[str]:
    """All references that stand in a value itself."""
    pending: list[JsonValue] = [value]
    while pending:
        part = pending.pop()
        if isinstance(part, dict):
            if isinstance(reference := part.get("$ref"), str):
                yield reference
            pending += part.values()
        elif isinstance(part, list):
            pending += part


def reachable(root: JsonObject, value: JsonValue) -> dict[str, set[str]]:
    """Every reference that can be reached from a value, with those that it leads to at once. Raises BadDocument."""
    found: dict[str, set[str]] = {}
    pending = list(references_in(value))
    while pending:
        reference = pending.pop()
        if reference not in found:
            if len(found) >= MOST_REFERENCES:
                raise BadDocument(f"More than {MOST_REFERENCES} references lead on from it.")
            found[reference] = set(references_in(looked_up(root, reference)))
            pending += found[reference]
    return found


def recursive(graph: dict[str, set[str]]) -> frozenset[str]:
    """The references that lead back to themselves, and those that stand between two such circles."""
    leading = _that_go_on(graph)
    back: dict[str, set[str]] = {reference: set() for reference in leading}
    for reference in leading:
        for target in graph[reference] & leading:
            back[target].add(reference)
    return frozenset(_that_go_on(back))


def _that_go_on(graph: dict[str, set[str]]) -> set[str]:
    """The nodes from which one can go on for ever: all others are taken away, those without a way out first."""
    before: dict[str, list[str]] = {node: [] for node in graph}
    for node, targets in graph.items():
        for target in targets:
            before[target].append(node)
    ways = {node: len(targets) for node, targets in graph.items()}
    ended = [node for node, count in ways.items() if not count]
    while ended:
        for node in before[ended.pop()]:
            ways[node] -= 1
            if not ways[node]:
                ended.append(node)
    return {node for node, count in ways.items() if count}
