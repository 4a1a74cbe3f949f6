"""What an OpenAPI document offers: its operations, under names that LLMs can call."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import JsonValue

from agents.contracts.base import JsonObject
from agents.tools.openapi.document import BadDocument
from agents.tools.openapi.references import resolved

METHODS = ("get", "post", "put", "patch", "delete")
MOST_OPERATIONS = 5_000
MOST_NAME = 64
_NO_NAME = re.compile(r"[^A-Za-z0-9_-]+")
_VARIABLE = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter outside of the body: where it stands, and its declaration."""

    name: str
    place: str
    declared: JsonObject

    @property
    def required(self) -> bool:
        """Whether no call may leave it out."""
        return self.place == "path" or self.declared.get("required") is True


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: ``name`` is the tool's, ``identity`` the document's own."""

    name: str
    identity: str
    method: str
    path: str
    summary: str
    description: str
    parameters: tuple[Parameter, ...]
    body: JsonObject | None
    server: str


def operations(root: JsonObject) -> list[Operation]:
    """All operations in the document's order. Raises BadDocument for too many, or a reference that leads nowhere."""
    taken: set[str] = set()
    found: list[Operation] = []
    for path, item, method, declared in _declared(root):
        if len(found) >= MOST_OPERATIONS:
            raise BadDocument(f"The document has more than {MOST_OPERATIONS} operations.")
        found.append(_operation(root, path, item, method, declared, taken))
    return found


def clean_name(text: str, taken: set[str]) -> str:
    """The text as a name that every vendor takes, and that nobody has yet; it is added to ``taken``."""
    cleaned = _NO_NAME.sub("_", text).strip("_-")[:MOST_NAME] or "operation"
    name, number = cleaned, 1
    while name.lower() in taken:
        number += 1
        name = f"{cleaned[: MOST_NAME - 6]}_{number}"
    taken.add(name.lower())
    return name


def _declared(root: JsonObject) -> Iterator[tuple[str, JsonObject, str, JsonObject]]:
    paths = root.get("paths")
    for path, item in (paths if isinstance(paths, dict) else {}).items():
        whole = resolved(root, item)
        for method in METHODS:
            if isinstance(declared := whole.get(method), dict) and path.startswith("/"):
                yield path, whole, method, declared


def _operation(
    root: JsonObject, path: str, item: JsonObject, method: str, declared: JsonObject, taken: set[str]
) -> Operation:
    identity = declared.get("operationId")
    known = identity if isinstance(identity, str) and identity.strip() else f"{method} {path}"
    body = declared.get("requestBody")
    return Operation(
        name=clean_name(known, taken),
        identity=known,
        method=method.upper(),
        path=path,
        summary=_text(declared.get("summary")) or _text(item.get("summary")),
        description=_text(declared.get("description")) or _text(item.get("description")),
        parameters=tuple(_parameters(root, item, declared)),
        body=None if body is None else resolved(root, body),
        server=_server(declared) or _server(item) or _server(root),
    )


def _parameters(root: JsonObject, item: JsonObject, declared: JsonObject) -> list[Parameter]:
    """Those of the path, and the operation's own in place of the same ones of the path."""
    found: dict[tuple[str, str], Parameter] = {}
    for holder in (item, declared):
        listed = holder.get("parameters")
        for each in listed if isinstance(listed, list) else []:
            parameter = resolved(root, each)
            name, place = parameter.get("name"), parameter.get("in")
            if isinstance(name, str) and name and isinstance(place, str):
                found[name, place] = Parameter(name, place, parameter)
    return list(found.values())


def _server(holder: JsonObject) -> str:
    """The first server's address, with the usual values of its variables."""
    servers = holder.get("servers")
    first = servers[0] if isinstance(servers, list) and servers else None
    if not isinstance(first, dict) or not isinstance(url := first.get("url"), str):
        return ""
    variables = first.get("variables")

    def usual(place: re.Match[str]) -> str:
        variable = variables.get(place[1]) if isinstance(variables, dict) else None
        value = variable.get("default") if isinstance(variable, dict) else None
        return str(value) if isinstance(value, str | int) else place[0]

    return _VARIABLE.sub(usual, url).rstrip("/")


def _text(value: JsonValue) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""
