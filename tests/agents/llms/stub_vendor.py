"""A vendor on the loopback that replays one answer, keeps what it was asked, and can hang up half way."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from agents.contracts.base import JsonObject
from agents.contracts.llms import LLMRequest, LLMResponse, ToolSchema
from agents.contracts.messages import Message, SystemMessage, UserMessage
from agents.llms.http_client import close_shared_client
from agents.llms.llm import OnText
from agents.llms.registry import resolve

EVENT_STREAM = "text/event-stream"
WEATHER = ToolSchema(
    name="get_weather",
    description="Weather of a city.",
    parameters={"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
)


def unheard(text: str) -> None:
    """A listener that does not listen."""
    del text


@dataclass
class Answer:
    """What the stub answers; ``whole`` False hangs up without the end of the chunked encoding."""

    body: bytes
    status: int = 200
    content_type: str = EVENT_STREAM
    headers: Mapping[str, str] = field(default_factory=dict)
    whole: bool = True
    hang: bool = False


@dataclass
class StubVendor:
    """The stub: its address, what it was asked, and when it saw its clients hang up."""

    answer: Answer
    port: int = 0
    asked: list[JsonObject] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    serving: list[asyncio.Task[None] | None] = field(default_factory=list)
    sent: asyncio.Event = field(default_factory=asyncio.Event)
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request and close, or hang until the client goes."""
        self.serving.append(asyncio.current_task())
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next((int(h.split(":")[1]) for h in head.split("\r\n") if h.lower().startswith("content-length")), 0)
        self.paths.append(head.split(" ", 2)[1])
        self.asked.append(json.loads(await reader.readexactly(length)))
        writer.write(self.head() + self.framed())
        await writer.drain()
        self.sent.set()
        if self.answer.hang:
            await reader.read()
        self.closed.set()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    def head(self) -> bytes:
        """Status line and headers."""
        headers = {
            "content-type": self.answer.content_type,
            "transfer-encoding": "chunked",
            "connection": "close",
        }
        lines = [f"{name}: {value}" for name, value in (headers | dict(self.answer.headers)).items()]
        return "\r\n".join([f"HTTP/1.1 {self.answer.status} Stub", *lines, "", ""]).encode()

    def framed(self) -> bytes:
        """The body as one chunk, with the last chunk only when the answer is whole."""
        body = self.answer.body
        chunk = f"{len(body):x}\r\n".encode() + body + b"\r\n" if body else b""
        return chunk + (b"0\r\n\r\n" if self.answer.whole and not self.answer.hang else b"")


@asynccontextmanager
async def stub_vendor(answer: Answer) -> AsyncIterator[StubVendor]:
    """Run the stub on a free port of the loopback."""
    stub = StubVendor(answer)
    server = await asyncio.start_server(stub.serve, "127.0.0.1", 0)
    stub.port = server.sockets[0].getsockname()[1]
    try:
        yield stub
    finally:
        await close_shared_client()
        server.close()
        await asyncio.gather(*filter(None, stub.serving))
        await server.wait_closed()


def environ_for(port: int) -> dict[str, str]:
    """An environment in which every vendor lives on the loopback."""
    base = f"http://127.0.0.1:{port}"
    return {
        "OPENAI_API_KEY": "sk-test-0123456789",
        "OPENAI_BASE_URL": f"{base}/v1",
        "ANTHROPIC_API_KEY": "sk-ant-test-0123456789",
        "ANTHROPIC_BASE_URL": base,
        "COMPATIBLE_BASE_URL": f"{base}/v1",
    }


def request_for(llm: str, *messages: Message, timeout_seconds: float = 20.0) -> LLMRequest:
    """A small request with one tool."""
    conversation = messages or (SystemMessage(text="Be brief."), UserMessage(text="Weather in Oslo?"))
    return LLMRequest(
        llm=llm,
        messages=conversation,
        tools=(WEATHER,),
        max_output_tokens=500,
        timeout_seconds=timeout_seconds,
    )


async def ask(
    llm: str, answer: Answer, *messages: Message, on_text: OnText = unheard
) -> tuple[LLMResponse, StubVendor]:
    """One call to a stubbed vendor."""
    async with stub_vendor(answer) as stub:
        response = await resolve(llm, environ_for(stub.port)).call(request_for(llm, *messages), on_text)
    return response, stub


def asked_and_answered(llm: str, answer: Answer, *messages: Message) -> LLMResponse:
    """The response of a stubbed vendor, for tests that are not asynchronous themselves."""
    return asyncio.run(ask(llm, answer, *messages))[0]


def event_stream(*events: JsonObject, done: bool = False) -> bytes:
    """Server-sent events, named by their type as Anthropic and OpenAI's responses name them."""
    parts = [
        (f"event: {event['type']}\n" if "type" in event else "") + f"data: {json.dumps(event)}\n\n" for event in events
    ]
    return "".join([*parts, "data: [DONE]\n\n" if done else ""]).encode()
