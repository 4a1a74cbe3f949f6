"""A spec as it is kept, and its digest: one content, one digest, whatever order it was written in."""

import hashlib

import rfc8785

from agents.contracts.base import JsonObject
from agents.contracts.specs import AgentSpec, ToolSpec

ADDED_LATER = frozenset({"input_schema"})
"""Parts that no spec of an older release has: left out where they say nothing, its digest stays and it can be read."""


def content_of(spec: AgentSpec | ToolSpec) -> JsonObject:
    """The spec as JSON."""
    content: JsonObject = spec.model_dump(mode="json")
    return {name: value for name, value in content.items() if value or name not in ADDED_LATER}


def spec_digest(spec: AgentSpec | ToolSpec) -> str:
    """SHA-256 over the spec as canonical JSON (RFC 8785), in hex."""
    return hashlib.sha256(rfc8785.dumps(content_of(spec))).hexdigest()
