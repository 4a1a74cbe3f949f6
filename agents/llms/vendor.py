"""A real vendor's LLM: one streamed request through pydantic-ai's direct API, and no retry of its own."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import httpx2
from pydantic_ai.direct import model_request, model_request_stream
from pydantic_ai.exceptions import ModelConnectionError
from pydantic_ai.messages import (
    ModelResponse,
    ModelResponseStreamEvent,
    PartDeltaEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
    ThinkingPart,
    ThinkingPartDelta,
    ToolCallPart,
    ToolCallPartDelta,
)
from pydantic_ai.models import Model
from pydantic_ai.settings import ModelSettings

from agents.contracts.base import JsonObject
from agents.contracts.llms import LLMError, LLMRequest, LLMResponse
from agents.edge import when_cut
from agents.llms.clean_text import mended
from agents.llms.failures import cut_short, error_in_whole, failure_of
from agents.llms.http_client import new_client, shared_client
from agents.llms.llm import OnText
from agents.llms.translate_request import library_messages, library_parameters
from agents.llms.translate_response import our_response
from agents.llms.wire import CURRENT_WIRE, Wire


class Listener:
    """Passes text on as it streams in, and counts every character that the vendor will charge for."""

    def __init__(self, on_text: OnText) -> None:
        self._on_text = on_text
        self.characters = 0
        self.own_fault: Exception | None = None

    def hear(self, event: ModelResponseStreamEvent) -> None:
        """Take one event of the library's stream."""
        match event:
            case PartStartEvent(part=TextPart(content=text)) | PartDeltaEvent(delta=TextPartDelta(content_delta=text)):
                self.say(text)
            case PartStartEvent(part=ThinkingPart(content=text)):
                self.characters += len(text)
            case PartDeltaEvent(delta=ThinkingPartDelta(content_delta=text)):
                self.characters += len(text or "")
            case PartStartEvent(part=ToolCallPart(args=arguments)):
                self.characters += len(str(arguments or ""))
            case PartDeltaEvent(delta=ToolCallPartDelta(args_delta=arguments)):
                self.characters += len(str(arguments or ""))

    def say(self, text: str) -> None:
        """Count text and pass it on; what the receiver raises is remembered as no fault of the vendor."""
        self.characters += len(text)
        try:
            if text:
                self._on_text(mended(text))
        except Exception as error:
            self.own_fault = error
            raise


@dataclass(frozen=True)
class VendorLLM:
    """An LLM behind HTTP.

    ``library_model`` builds the library's object around an HTTP client. ``whole_as_stream`` rewrites an
    answer that came in one piece, where the library reads such answers less well than streams.
    """

    vendor: str
    name: str
    library_model: Callable[[httpx2.AsyncClient], Model]
    settings: ModelSettings
    secrets: tuple[str, ...] = ()
    whole_as_stream: Callable[[JsonObject], bytes] | None = None

    async def call(self, request: LLMRequest, on_text: OnText) -> LLMResponse:
        """Ask the vendor once; see agents.llms.llm.LLM."""
        wire, listener = Wire(), Listener(on_text)
        token = CURRENT_WIRE.set(wire)
        when_cut(wire.hang_up)
        try:
            async with asyncio.timeout(request.timeout_seconds):
                answer = await self._answer(request, wire, listener)
            return our_response(answer, wire, vendor=self.vendor, asked=self.name)
        except LLMError:
            raise
        except Exception as error:
            if listener.own_fault is error:
                raise
            # "from None": the library's exceptions carry headers and bodies, which may hold keys.
            raise self._failure(error, wire, listener) from None
        finally:
            CURRENT_WIRE.reset(token)

    async def _answer(self, request: LLMRequest, wire: Wire, listener: Listener) -> ModelResponse:
        try:
            answer = await self._streamed(self.library_model(shared_client()), request, wire, listener)
        except Exception:
            if (whole := wire.whole_answer()) is None or listener.own_fault:
                raise
            if (failure := error_in_whole(wire, vendor=self.vendor, secrets=self.secrets)) is not None:
                raise failure from None
            return await self._read_whole(whole, request, wire, listener)
        if not wire.finished:
            raise cut_short(wire, vendor=self.vendor, output_characters=listener.characters)
        return answer

    async def _streamed(self, model: Model, request: LLMRequest, wire: Wire, listener: Listener) -> ModelResponse:
        async with model_request_stream(
            model,
            library_messages(request.messages, self.vendor, model.system),
            model_settings=self._settings(request),
            model_request_parameters=library_parameters(request.tools),
        ) as stream:
            try:
                async for event in stream:
                    listener.hear(event)
            except (ModelConnectionError, httpx2.TransportError):
                if not wire.finished:  # After its end mark an answer is complete, however the connection ends.
                    raise
            return stream.get()

    async def _read_whole(
        self, whole: JsonObject, request: LLMRequest, wire: Wire, listener: Listener
    ) -> ModelResponse:
        """Read an answer that came in one piece from the bytes we have; nothing is sent again."""
        wire.read_whole(whole)
        streams = self.whole_as_stream is not None
        body = self.whole_as_stream(whole) if self.whole_as_stream else wire.body
        received = httpx2.Response(
            200,
            headers={"content-type": "text/event-stream" if streams else "application/json"},
            content=body,
        )
        token = CURRENT_WIRE.set(None)
        try:
            async with new_client(httpx2.MockTransport(lambda _: received)) as client:
                model = self.library_model(client)
                if streams:
                    return await self._streamed(model, request, wire, listener)
                return await self._plain(model, request, listener)
        finally:
            CURRENT_WIRE.reset(token)

    async def _plain(self, model: Model, request: LLMRequest, listener: Listener) -> ModelResponse:
        answer = await model_request(
            model,
            library_messages(request.messages, self.vendor, model.system),
            # Anthropic's client refuses long answers that do not stream, unless told how long to wait.
            model_settings={**self._settings(request), "timeout": request.timeout_seconds},
            model_request_parameters=library_parameters(request.tools),
        )
        listener.say("".join(part.content for part in answer.parts if isinstance(part, TextPart)))
        return answer

    def _settings(self, request: LLMRequest) -> ModelSettings:
        return {**self.settings, "max_tokens": request.max_output_tokens}

    def _failure(self, error: Exception, wire: Wire, listener: Listener) -> LLMError:
        return failure_of(error, wire, vendor=self.vendor, output_characters=listener.characters, secrets=self.secrets)
