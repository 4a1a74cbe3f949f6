"""One call of an HTTP tool, as the edge makes it."""

import asyncio
from collections.abc import Mapping
from typing import Any

from pydantic import JsonValue

from agents.contracts.base import JsonObject
from agents.contracts.calls import Call
from agents.contracts.specs import Effect, HttpEndpoint, Implementation
from agents.engine.ports import ImplementationFailed
from agents.tools.http.call import http_call


def link(seconds: float = 5.0, **endpoint: Any) -> Implementation:
    """An implementation with that endpoint."""
    return Implementation(name="shop", kind="http", http=HttpEndpoint(**endpoint), timeout_seconds=seconds)


def told(effect: Effect = "pure") -> Call:
    """What an implementation is told of a call."""
    return Call(run_id="run", tenant="acme", call_id="c1", key="k" * 64, effect=effect)


def called(
    target: Implementation, arguments: JsonObject | None = None, effect: Effect = "pure", **secrets: str
) -> JsonValue:
    """The result of a call."""
    return asyncio.run(http_call(target, arguments or {}, told(effect), secrets))


def failed(
    target: Implementation,
    arguments: JsonObject | None = None,
    effect: Effect = "pure",
    secrets: Mapping[str, str] | None = None,
) -> ImplementationFailed:
    """How a call failed."""
    try:
        said = called(target, arguments, effect, **(secrets or {}))
    except ImplementationFailed as error:
        return error
    raise AssertionError(f"the call came back with {said!r:.200}")
