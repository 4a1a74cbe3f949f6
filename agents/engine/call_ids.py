"""Ids of calls: each names one call of its run, whatever the vendor sent."""

from collections.abc import Collection

from agents.contracts.messages import AssistantMessage, ToolCall

LONGEST_ID = 128  # as many characters as a row holds
KEPT_OF_ID = 100


def with_own_ids(message: AssistantMessage, used_before: Collection[str]) -> AssistantMessage:
    """The answer with another id for each call whose own is in use or cannot be stored.

    Some servers count from 0 in each answer. Results, approvals and summaries go by the id, so no two calls
    of a run may share one.
    """
    calls: list[ToolCall] = []
    for call in message.calls:
        calls.append(_own(call, {*used_before, *(own.call_id for own in calls)} if calls else used_before))
    if tuple(calls) == message.calls:
        return message
    return message.model_copy(update={"calls": tuple(calls)})


def _own(call: ToolCall, used: Collection[str]) -> ToolCall:
    storable = call.call_id.isprintable() and len(call.call_id) <= LONGEST_ID
    wanted = call.call_id if storable else "call"
    call_id, number = wanted, 1
    while call_id in used:
        number += 1
        call_id = f"{wanted[:KEPT_OF_ID]}_{number}"
    return call if call_id == call.call_id else call.model_copy(update={"call_id": call_id})
