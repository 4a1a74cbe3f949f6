"""What a server says of a tool, in a shape that can be kept, and the digest by which a change of it is seen."""

import hashlib
import json
from collections.abc import Mapping

import rfc8785
from pydantic import JsonValue

from agents.contracts.base import Contract, JsonObject
from agents.journal.gate import NotStorable, plain, storable
from agents.tools.output import DEEPEST, deeper_than

LONGEST_NAME = 128
LONGEST_DESCRIPTION = 8_000
LONGEST_SCHEMA = 64_000
HINTS = ("readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint")


class SeenTool(Contract):
    """A tool as a server listed it. ``hints`` are what the server claims of its effects: a stranger's word."""

    name: str
    description: str
    input_schema: JsonObject
    output_schema: JsonObject | None
    hints: JsonObject

    @property
    def digest(self) -> str:
        """SHA-256 over RFC 8785 JSON of what was accepted with the tool except its description, in hex.

        The description is the server's prose: an LLM reads the one that was accepted, never a later one.
        """
        pinned: JsonObject = {"in": self.input_schema, "out": self.output_schema, "hints": self.hints}
        return hashlib.sha256(rfc8785.dumps(pinned)).hexdigest()


Seen = tuple[Mapping[str, SeenTool], list[str]]
"""A server's tools by name, and what was left out of them."""


class Unfit(ValueError):
    """A listed tool that cannot be offered to anybody; the message says why."""


def seen_tool(listed: Mapping[str, JsonValue]) -> SeenTool:
    """A tool from a server's listing, in the protocol's own names. Raises Unfit."""
    name, output = listed.get("name"), listed.get("outputSchema")
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME or name != plain(name):
        raise Unfit(f"its name is empty, longer than {LONGEST_NAME} characters, or no text")
    schema = _schema(listed.get("inputSchema"))
    if schema.get("type") != "object":
        raise Unfit("its schema is not one of an object")
    claimed = listed.get("annotations")
    hints = claimed if isinstance(claimed, dict) else {}
    return SeenTool(
        name=name,
        description=str(listed.get("description") or "")[:LONGEST_DESCRIPTION],
        input_schema=schema,
        output_schema=None if output is None else _schema(output),
        hints={hint: hints[hint] for hint in HINTS if isinstance(hints.get(hint), bool)},
    )


def _schema(listed: JsonValue) -> JsonObject:
    """A schema as both databases keep it. Raises Unfit."""
    if not isinstance(listed, dict):
        raise Unfit("its schema is no object")
    if deeper_than(listed, DEEPEST):
        raise Unfit(f"its schema is nested deeper than {DEEPEST} levels")
    try:
        text = storable(listed)
    except NotStorable as error:
        raise Unfit("its schema is no JSON") from error
    if len(text) > LONGEST_SCHEMA:
        raise Unfit(f"its schema is longer than {LONGEST_SCHEMA:,} characters")
    schema: JsonObject = json.loads(text)
    try:
        rfc8785.dumps(schema)
    except rfc8785.CanonicalizationError as error:
        raise Unfit("its schema has a number that JSON does not carry exactly") from error
    return schema
