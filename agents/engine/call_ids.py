"""Ids of calls: each names one call of its run, whatever the vendor sent."""

import hashlib
from array import array
from bisect import bisect_left, insort
from collections.abc import Callable, Container, Iterable

from agents.contracts.messages import AssistantMessage, ToolCall

LONGEST_ID = 128  # as many characters as a row holds
KEPT_OF_ID = 100


class UsedIds:
    """The ids of all calls of a run, in eight bytes each: a run may make very many, and none may come twice."""

    def __init__(self) -> None:
        self._digests = array("Q")

    def update(self, call_ids: Iterable[str]) -> None:
        """Take these ids as used."""
        for call_id in call_ids:
            if call_id not in self:
                insort(self._digests, _digest(call_id))

    def __contains__(self, call_id: object) -> bool:
        digest = _digest(str(call_id))
        place = bisect_left(self._digests, digest)
        return place < len(self._digests) and self._digests[place] == digest


def with_own_ids(message: AssistantMessage, used_before: Container[str]) -> AssistantMessage:
    """The answer with another id for each call whose own is in use or cannot be stored.

    Some servers count from 0 in each answer. Results, approvals and summaries go by the id, so no two calls
    of a run may share one.
    """
    calls: list[ToolCall] = []
    for call in message.calls:
        calls.append(_own(call, used_before, {own.call_id for own in calls}))
    if tuple(calls) == message.calls:
        return message
    return message.model_copy(update={"calls": tuple(calls)})


def _own(call: ToolCall, used: Container[str], beside: Container[str]) -> ToolCall:
    storable = call.call_id.isprintable() and len(call.call_id) <= LONGEST_ID
    wanted = call.call_id if storable else "call"

    def numbered(number: int) -> str:
        return wanted if number == 1 else f"{wanted[:KEPT_OF_ID]}_{number}"

    def free(number: int) -> bool:
        return numbered(number) not in used and numbered(number) not in beside

    call_id = numbered(_first_free(free))
    return call if call_id == call.call_id else call.model_copy(update={"call_id": call_id})


def _first_free(free: Callable[[int], bool]) -> int:
    """The first free number, were they taken in order: found by halving, since a run may have taken thousands."""
    taken, candidate = 0, 1
    while not free(candidate):
        taken, candidate = candidate, 2 * candidate
    while candidate - taken > 1:
        middle = (taken + candidate) // 2
        taken, candidate = (taken, middle) if free(middle) else (middle, candidate)
    return candidate


def _digest(call_id: str) -> int:
    return int.from_bytes(hashlib.blake2b(call_id.encode("utf-8", "surrogatepass"), digest_size=8).digest())
