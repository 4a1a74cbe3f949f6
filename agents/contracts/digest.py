"""The digest of a spec: one content, one digest, whatever order it was written in."""

import hashlib

import rfc8785

from agents.contracts.specs import AgentSpec, ToolSpec


def spec_digest(spec: AgentSpec | ToolSpec) -> str:
    """SHA-256 over the spec as canonical JSON (RFC 8785), in hex."""
    return hashlib.sha256(rfc8785.dumps(spec.model_dump(mode="json"))).hexdigest()
