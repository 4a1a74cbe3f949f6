"""One attempt at one implementation: on the event loop when it only waits, else in a child process."""

import asyncio
import inspect
import json
from collections.abc import Awaitable, Callable, Mapping
from functools import lru_cache
from typing import cast

from pydantic import BaseModel, JsonValue

from agents.contracts.base import JsonObject
from agents.contracts.calls import Call, NotSent, ToolRefusal
from agents.contracts.specs import Implementation
from agents.engine.ports import ImplementationFailed
from agents.tools.boundary import arguments_class, resolve
from agents.tools.children import ChildDied, Children
from agents.tools.http.call import http_call
from agents.tools.mcp.call import mcp_call
from agents.tools.output import CutText, cut_if_large

AsyncTool = Callable[[BaseModel, Call], Awaitable[JsonValue]]


async def invoke(
    link: Implementation, arguments: JsonObject, call: Call, children: Children, secrets: Mapping[str, str]
) -> JsonValue:
    """The implementation's output, plain JSON. Raises ToolRefusal or ImplementationFailed; cancelling it ends it.

    ``secrets`` are the tenant's, for the kinds that have places for them.
    """
    try:
        if link.kind == "http":
            return await http_call(link, arguments, call, secrets)
        if link.kind == "mcp":
            return await mcp_call(link, arguments, call, secrets)
        if asynchronous(link.target):
            return await _on_the_loop(link, arguments, call)
        return await _in_a_child(link, arguments, call, children)
    except TimeoutError as late:
        raise ImplementationFailed(
            f"no answer within {link.timeout_seconds:g} s", timed_out=True, maybe_happened=True
        ) from late
    except NotSent as unsent:
        raise ImplementationFailed(str(unsent)[:500]) from unsent
    except (ImportError, AttributeError) as missing:
        raise ImplementationFailed(f"{link.target} cannot be loaded: {missing}") from missing


@lru_cache(maxsize=512)
def asynchronous(target: str) -> bool:
    """Whether an implementation is a coroutine function."""
    return inspect.iscoroutinefunction(resolve(target))


async def _on_the_loop(link: Implementation, arguments: JsonObject, call: Call) -> JsonValue:
    function = cast(AsyncTool, resolve(link.target))
    parsed = arguments_class(link.target).model_validate_json(json.dumps(arguments))
    try:
        async with asyncio.timeout(link.timeout_seconds):
            value = await function(parsed, call)
        return cut_if_large(value)
    except (ToolRefusal, NotSent, TimeoutError):
        raise
    except Exception as error:  # whatever a tool raises is that implementation's failure, never the runtime's
        raise ImplementationFailed(f"{type(error).__name__}: {error}"[:500], maybe_happened=True) from error


async def _in_a_child(link: Implementation, arguments: JsonObject, call: Call, children: Children) -> JsonValue:
    request: JsonObject = {"target": link.target, "arguments": arguments, "call": call.model_dump(mode="json")}
    try:
        answer = await children.call(request, link.timeout_seconds)
    except ChildDied as died:
        raise ImplementationFailed(str(died), maybe_happened=True) from died
    if "refused" in answer:
        raise ToolRefusal(str(answer["refused"]))
    if "failed" in answer:
        raise ImplementationFailed(str(answer["failed"]), maybe_happened=not answer.get("unsent"))
    if isinstance(cut := answer.get("cut"), dict):
        return CutText.of(str(cut["head"]), size_bytes=int(str(cut["size_bytes"])), sha256=str(cut["sha256"]))
    return answer["ok"]
