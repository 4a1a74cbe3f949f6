"""What a tool implementation is told beside its arguments, and how it says no."""

from agents.contracts.base import Contract
from agents.contracts.specs import Effect

IDEMPOTENCY_HEADER = "Idempotency-Key"
"""The header in which a keyed tool passes ``Call.key`` on to a far end that speaks HTTP."""
IDEMPOTENCY_META = "idempotencyKey"
"""The name in the ``_meta`` of an MCP ``tools/call`` under which ``Call.key`` goes out."""


class AttachmentRef(Contract):
    """A file that the operator attached to the run; its bytes are the blob of that SHA-256."""

    name: str
    media_type: str
    sha256: str
    size_bytes: int


class Call(Contract):
    """The call an implementation serves.

    ``key`` is its idempotency key: the same on every attempt of this call, by whichever worker and after every resume;
    another one in another run, unless the tool dedupes across the tenant's runs. Over HTTP it goes out as
    ``IDEMPOTENCY_HEADER``. ``effect`` is the tool's: whether an attempt may be repeated.
    """

    run_id: str
    tenant: str
    call_id: str
    key: str
    effect: Effect = "unkeyed"
    attachments: tuple[AttachmentRef, ...] = ()


class NotSent(Exception):
    """The call failed before anything left (no connection, say): nothing has happened, and everybody may know."""


class ToolRefusal(Exception):
    """The tool understood the call and refuses it (no such order): the LLM is told, no fallback is tried."""
