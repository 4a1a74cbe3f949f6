"""A tool call over HTTP: tried again where that is safe, and never longer or larger than was allowed."""

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx2
from pydantic import JsonValue

from agents.contracts.base import JsonObject
from agents.contracts.calls import Call, ToolRefusal
from agents.contracts.specs import HttpEndpoint, Implementation
from agents.engine.ports import ImplementationFailed
from agents.secrets.placeholders import MissingSecret
from agents.tools.http.exchange import BadRedirect, Exchange, Line
from agents.tools.http.network import Forbidden, GuardedTransport
from agents.tools.http.outcome import Failed, failure, message_of, refuses
from agents.tools.http.reading import Answer, Unusable
from agents.tools.http.request import Prepared, Unsendable, named_arguments, prepared
from agents.tools.http.result import result_of
from agents.tools.http.template import BadTemplate
from agents.tools.output import cut_if_large

MOST_RETRIES = 5
FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 8.0


async def http_call(link: Implementation, arguments: JsonObject, call: Call, secrets: Mapping[str, str]) -> JsonValue:
    """The endpoint's result, plain JSON. Raises ToolRefusal or ImplementationFailed; cancelling it hangs up.

    ``link.timeout_seconds`` is for all tries together.
    """
    if link.http is None:
        raise ImplementationFailed(f"{link.name} has no endpoint")
    endpoint, line = link.http, Line()
    try:
        request = prepared(endpoint, arguments, call, secrets)
    except (MissingSecret, Unsendable, BadTemplate) as error:
        raise ImplementationFailed(str(error)) from error
    tries = Tries(endpoint, request, call, line)
    try:
        async with asyncio.timeout(link.timeout_seconds) as limit:
            return cut_if_large(await tries.result(limit.when() or 0.0))
    except TimeoutError as late:
        text = f"no answer within {link.timeout_seconds:g} s"
        raise ImplementationFailed(text, timed_out=True, maybe_happened=tries.may_have_happened) from late


@dataclass(frozen=True, slots=True)
class Found:
    """A try that brought a result."""

    value: JsonValue


class Tries:
    """The tries of one call. What one of them may have done, the call may have done."""

    def __init__(self, endpoint: HttpEndpoint, request: Prepared, call: Call, line: Line) -> None:
        self._endpoint = endpoint
        self._request = request
        self._call = call
        self._line = line
        self._happened = False

    @property
    def may_have_happened(self) -> bool:
        """Whether a try that has no answer may have acted."""
        return self._happened or (self._call.effect != "pure" and self._line.sent)

    async def result(self, deadline: float) -> JsonValue:
        """Try until there is a result, or a failure that stands. Raises ToolRefusal or ImplementationFailed."""
        most = min(self._endpoint.retries, MOST_RETRIES) + 1
        made = 1
        while not isinstance(found := await self._once(), Found):
            self._line.sent = False
            self._happened = self._happened or found.happened
            pause = _pause(made, found.after_seconds)
            if not found.again or made == most or asyncio.get_running_loop().time() + pause >= deadline:
                tried = f" (tried {made} times)" if made > 1 else ""
                raise ImplementationFailed(found.error[:500] + tried, maybe_happened=self._happened)
            await asyncio.sleep(pause)
            made += 1
        return found.value

    async def _once(self) -> Failed | Found:
        """One try. Raises ToolRefusal."""
        effect = self._call.effect
        try:
            async with GuardedTransport() as transport:
                answer = await Exchange(transport, self._line, self._endpoint.max_bytes).answer(self._request, effect)
            return self._judged(answer)
        except ToolRefusal:
            raise
        except Forbidden as forbidden:
            return Failed(str(forbidden), self._acted)
        except (BadRedirect, Unusable) as bad:
            return Failed(f"the endpoint cannot be used: {bad}", self._acted)
        except (httpx2.TransportError, OSError) as broken:
            return Failed(self._broken(broken), self._acted, again=effect != "unkeyed" or not self._line.sent)
        except httpx2.InvalidURL:
            return Failed("the address of the endpoint cannot be understood", self._acted)
        except Exception as error:  # whatever an endpoint makes a library raise is the endpoint's failure
            return Failed(f"the endpoint cannot be used: {type(error).__name__}", self._acted)

    def _judged(self, answer: Answer) -> Failed | Found:
        if 200 <= answer.status < 300:
            return Found(result_of(answer, self._endpoint))
        if refuses(answer, names_something=bool(named_arguments(self._endpoint))):
            raise ToolRefusal(message_of(answer) or f"The endpoint answered {answer.status}.")
        return failure(answer, self._call.effect)

    @property
    def _acted(self) -> bool:
        return self._call.effect != "pure" and self._line.sent

    def _broken(self, error: Exception) -> str:
        """What is said of hosts and certificates holds no secret; what is said of a request may."""
        host = urlsplit(self._endpoint.url).hostname
        if isinstance(error, httpx2.ConnectError):
            return f"{host} could not be reached: {error}"[:300]
        return f"{host} {'broke off' if self._line.sent else 'could not be reached'}: {type(error).__name__}"


def _pause(made: int, asked_seconds: float) -> float:
    """Longer each time, spread so that callers do not come back together, and never before the endpoint wants it."""
    grown: float = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** (made - 1))
    return max(asked_seconds, grown * random.uniform(0.5, 1.5))
