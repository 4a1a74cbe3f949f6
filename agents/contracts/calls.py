"""What a tool implementation is told beside its arguments, and how it says no."""

from agents.contracts.base import Contract


class AttachmentRef(Contract):
    """A file that the operator attached to the run; its bytes are the blob of that SHA-256."""

    name: str
    media_type: str
    sha256: str
    size_bytes: int


class Call(Contract):
    """The call an implementation serves. ``key`` is its idempotency key, the same on every attempt of this call."""

    run_id: str
    tenant: str
    call_id: str
    key: str
    attachments: tuple[AttachmentRef, ...] = ()


class ToolRefusal(Exception):
    """The tool understood the call and refuses it (no such order): the LLM is told, no fallback is tried."""
