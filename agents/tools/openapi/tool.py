"""An operation as an HTTP tool: its parameters and its body as one flat set of arguments where that is possible."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import quote, urlsplit

import rfc8785
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from pydantic import JsonValue, ValidationError

from agents.contracts.base import JsonObject
from agents.contracts.specs import Effect, HttpEndpoint, HttpMethod, Implementation, ToolSpec
from agents.tools.http.check import endpoint_faults
from agents.tools.http.request import WITH_A_BODY
from agents.tools.openapi.body import Body, body_of
from agents.tools.openapi.document import BadDocument
from agents.tools.openapi.operations import Operation, Parameter
from agents.tools.openapi.schemas import converted

MOST_DESCRIPTION = 1_000
MOST_BYTES = 60_000
_ARGUMENT = re.compile(r"[^A-Za-z0-9_.-]+")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PLACE = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the person who imports wants: ``headers`` and ``query`` may hold secrets; names are those of tools."""

    base_url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    prefix: str = ""
    keyed: frozenset[str] = frozenset()
    without_approval: frozenset[str] = frozenset()


def tool_of(root: JsonObject, operation: Operation, wishes: Wishes) -> ToolSpec:
    """The tool. Raises BadDocument with the operation's name when it can be none."""
    try:
        tool = _Builder(root, operation, wishes).tool()
        _check(tool)
    except BadDocument as error:
        raise BadDocument(f"{operation.name} cannot be a tool. {error}") from error
    except ValidationError as error:
        raise BadDocument(f"{operation.name} cannot be a tool: {error.errors()[0]['msg'][:200]}.") from error
    return tool


class _Builder:
    """Gathers the arguments of one operation."""

    def __init__(self, root: JsonObject, operation: Operation, wishes: Wishes) -> None:
        self._root = root
        self._operation = operation
        self._wishes = wishes
        self._properties: JsonObject = {}
        self._required: list[JsonValue] = []
        self._defs: JsonObject = {}
        self._arguments: dict[tuple[str, str], str] = {}

    def tool(self) -> ToolSpec:
        operation, wishes = self._operation, self._wishes
        for parameter in operation.parameters:
            self._add_parameter(parameter)
        body = self._body()
        effect: Effect = "pure" if operation.method == "GET" else "unkeyed"
        if operation.name in wishes.keyed:
            effect = "keyed"
        endpoint = HttpEndpoint(
            method=cast(HttpMethod, operation.method),
            url=self._url(),
            query={**self._query(), **wishes.query},
            headers=dict(wishes.headers),
            body=body,
        )
        host = urlsplit(endpoint.url).hostname or "http"
        return ToolSpec(
            name=wishes.prefix + operation.name,
            description=self._description(),
            parameters=self._parameters(),
            implementations=(Implementation(name=host.replace(".", "-"), kind="http", http=endpoint),),
            effect=effect,
            needs_approval=effect != "pure" and operation.name not in wishes.without_approval,
        )

    def _add_parameter(self, parameter: Parameter) -> None:
        if parameter.place not in ("path", "query"):
            self._check_given(parameter)
            return
        if parameter.place == "query" and (parameter.name in self._wishes.query or _is_left_out(parameter)):
            return
        argument = _ARGUMENT.sub("_", parameter.name).strip("_.")[:64] or "value"
        if argument in self._properties:
            argument = f"{parameter.place}_{argument}"[:64]
        if argument in self._properties:
            raise BadDocument(f"Two of its parameters are called {argument}.")
        self._arguments[parameter.place, parameter.name] = argument
        self._properties[argument] = self._schema_of(parameter)
        if parameter.required:
            self._required.append(argument)

    def _check_given(self, parameter: Parameter) -> None:
        """A header is the same for all calls, so the importer gives it."""
        given = {name.lower() for name in self._wishes.headers}
        ignored = parameter.place == "header" and parameter.name.lower() in ("accept", "content-type", "authorization")
        if parameter.required and not ignored and (parameter.place != "header" or parameter.name.lower() not in given):
            raise BadDocument(f"It needs the {parameter.place} {parameter.name[:80]}, which no argument can fill.")

    def _schema_of(self, parameter: Parameter) -> JsonValue:
        declared = parameter.declared
        content = declared.get("content")
        first = next(iter(content.values()), None) if isinstance(content, dict) else declared
        found = self._converted(first.get("schema", {}) if isinstance(first, dict) else {})
        text = declared.get("description")
        if not isinstance(found, dict):
            found = {}
        if isinstance(text, str) and text.strip():
            found = {**found, "description": " ".join(text.split())[:400]}
        if found.get("type") == "array" and (declared.get("explode") is False or parameter.place == "path"):
            hint = f"{found.get('description', '')} Several values stand with commas between them.".strip()
            return {"type": "string", "description": hint}
        return found

    def _body(self) -> str:
        """Adds the body's arguments; the name of the one that is the whole body, "" when its properties are."""
        operation = self._operation
        if operation.body is None or operation.method not in WITH_A_BODY:
            return ""
        body: Body | None = body_of(self._root, operation.body, self._converted)
        if body is None:
            return ""
        if body.fits_beside(self._properties):
            self._properties |= body.properties
            self._required += body.required
            return ""
        name = "body" if "body" not in self._properties else "request_body"
        self._properties[name] = body.schema
        if body.needed:
            self._required.append(name)
        return name

    def _converted(self, schema: JsonValue) -> JsonValue:
        found, defs = converted(self._root, schema)
        for name, each in defs.items():
            if self._defs.setdefault(name, each) != each:
                raise BadDocument(f"Two of its schemas are called {name}.")
        return found

    def _parameters(self) -> JsonObject:
        found: JsonObject = {"type": "object", "properties": self._properties, "additionalProperties": False}
        if self._required:
            found["required"] = self._required
        return {**found, "$defs": self._defs} if self._defs else found

    def _url(self) -> str:
        base = (self._wishes.base_url or self._operation.server).rstrip("/")
        if not base.startswith(("http://", "https://")):
            raise BadDocument("The document names no server with http:// or https://; give a base URL.")
        texts = _PLACE.split(self._operation.path)  # every second one is a name
        for index, text in enumerate(texts):
            texts[index] = self._place(text) if index % 2 else quote(text, safe="/%:@!$&'()*+,;=~-._")
        return base + "".join(texts)

    def _place(self, name: str) -> str:
        argument = self._arguments.get(("path", name))
        if argument is None:
            raise BadDocument(f"Its path names {name[:80]}, which it does not declare.")
        return f"{{{argument}}}"

    def _query(self) -> dict[str, str]:
        return {name: f"{{{argument}}}" for (place, name), argument in self._arguments.items() if place == "query"}

    def _description(self) -> str:
        summary, description = self._operation.summary, self._operation.description
        whole = description if description.startswith(summary) else f"{summary.rstrip('.')}. {description}".strip()
        return (whole or f"{self._operation.method} {self._operation.path}")[:MOST_DESCRIPTION]


def _is_left_out(parameter: Parameter) -> bool:
    """An object in the query has no one spelling. Raises BadDocument where a call cannot do without."""
    spread = parameter.declared.get("style") == "deepObject"
    if spread and parameter.required:
        raise BadDocument(f"Its parameter {parameter.name[:80]} is an object in the query, which is not written.")
    return spread


def _check(tool: ToolSpec) -> None:
    """Raises BadDocument for what could be written down but not used."""
    if not _NAME.fullmatch(tool.name):
        raise BadDocument(f"{tool.name[:80]} is no name that LLMs can call: letters, digits, - and _, at most 64.")
    try:
        size = len(rfc8785.dumps(tool.parameters))
    except rfc8785.CanonicalizationError as error:
        raise BadDocument("Its arguments name a number that JSON does not carry exactly.") from error
    if size > MOST_BYTES:
        raise BadDocument(f"Its arguments need {size:,} bytes to be described; an LLM is shown {MOST_BYTES:,} at most.")
    try:
        Draft202012Validator.check_schema(tool.parameters)
    except SchemaError as error:
        raise BadDocument(f"Its arguments are no JSON Schema: {error.message[:200]}.") from error
    endpoint = tool.implementations[0].http
    for _, fault in endpoint_faults(endpoint, tool.parameters) if endpoint else ():
        raise BadDocument(fault)
