"""The endpoint: chat completions by the rehearsal LLM, and what a test wants to know of its sockets."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

import h11

from agents.contracts.base import JsonObject
from agents.contracts.llms import LLMError
from agents.llms.performance import Performance, perform, policies
from agents.llms.rehearsal_http import chat_answer
from agents.llms.rehearsal_http.chat_request import BadRequest, ChatRequest, read_request
from agents.llms.rehearsal_http.connection import Asked, ClientGone, Connection
from agents.llms.rehearsal_http.streams import Streams
from agents.llms.script import Script, parse_script

WEB_PAGE = b"<!doctype html><title>Gateway</title><h1>This is a page, not an answer.</h1>"
logger = logging.getLogger(__name__)


class RehearsalServer:
    """An OpenAI-compatible server: POST /v1/chat/completions, GET /v1/models, GET /closed, GET /open."""

    def __init__(self) -> None:
        self.streams = Streams()
        self._connections: dict[Connection, asyncio.Task[None] | None] = {}

    @contextlib.asynccontextmanager
    async def listening(self, host: str, port: int) -> AsyncIterator[int]:
        """Serve on a host and port (0: any free one); gives the port."""
        server = await asyncio.start_server(self.serve, host, port)
        try:
            yield int(server.sockets[0].getsockname()[1])
        finally:
            server.close()
            serving = [task for task in self._connections.values() if task is not None]
            for connection in self._connections:
                connection.hang_up()
            await asyncio.gather(*serving, return_exceptions=True)
            await server.wait_closed()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until its client goes."""
        connection = Connection(reader, writer)
        self._connections[connection] = asyncio.current_task()
        watch = asyncio.create_task(connection.watch())
        try:
            while (asked := await connection.next_request()) is not None:
                if not await self.respond(connection, asked):
                    break
        except (ClientGone, h11.ProtocolError):
            logger.debug("a client left or spoke no HTTP")
        finally:
            watch.cancel()
            await connection.close()
            del self._connections[connection]

    async def respond(self, connection: Connection, asked: Asked) -> bool:
        """Answer one request; False when the connection must not go on."""
        match asked.method, asked.path:
            case "POST", "/v1/chat/completions":
                return await self.complete(connection, asked.body)
            case "GET", "/v1/models":
                listed: list[JsonObject] = [{"id": name, "object": "model"} for name in policies()]
                await connection.answer(200, {"object": "list", "data": [*listed]}, {})
            case "GET", "/closed":
                await connection.answer(200, self.streams.closed, {})
            case "GET", "/open":
                await connection.answer(200, {"open": len(self.streams.open), "opened": self.streams.opened}, {})
            case _:
                await connection.answer(404, chat_answer.error_body("there is no such path", "not_found_error"), {})
        return True

    async def complete(self, connection: Connection, body: bytes) -> bool:
        """One chat completion, whole or streamed, with the faults that its model name asks for."""
        try:
            asked = read_request(body)
            script = parse_script(asked.model)
            if await self.failed(connection, script):
                return True
            answer = perform(script, asked.messages, asked.tools, asked.max_output_tokens)
        except BadRequest as error:
            await connection.answer(400, chat_answer.error_body(str(error), "invalid_request_error"), {})
        except LLMError as error:
            missing = error.kind == "not_found"
            code = "model_not_found" if missing else "server_error"
            await connection.answer(404 if missing else 500, chat_answer.error_body(error.detail, code), {})
        else:
            return await self.perform(connection, asked, script, answer)
        return True

    async def failed(self, connection: Connection, script: Script) -> bool:
        """Answer with the failure that the script wants, if it wants one."""
        if (status := script.failing_status) is not None:
            headers = {"Retry-After": "1"} if status in (429, 503) else {}
            message = f"The rehearsal answers with status {status}."
            await connection.answer(status, chat_answer.error_body(message, f"rehearsal_{status}"), headers)
        elif script.wants("html"):
            await connection.answer_bytes(200, WEB_PAGE, {"Content-Type": "text/html; charset=utf-8"})
        else:
            return False
        return True

    async def perform(self, connection: Connection, asked: ChatRequest, script: Script, answer: Performance) -> bool:
        """Send an answer, and note it when the client hangs up. False: the connection is of no more use."""
        number = self.streams.start(asked.model, asked.messages)
        try:
            if asked.stream:
                return await self.stream(connection, asked, script, answer)
            await connection.pause(answer.seconds)
            usage = not script.wants("no-usage")
            await connection.answer(200, chat_answer.whole(answer, asked.model, with_usage=usage), {})
        except ClientGone:
            logger.info("client hung up: %s", self.streams.hung_up(number, connection.gone_at))
            return False
        finally:
            self.streams.end(number)
        return True

    async def stream(self, connection: Connection, asked: ChatRequest, script: Script, answer: Performance) -> bool:
        """Send an answer in chunks, evenly over the time that it is to take."""
        usage = asked.with_usage and not script.wants("no-usage")
        chunks = list(chat_answer.chunks(answer, asked.model, with_usage=usage))
        if script.wants("half-stream"):
            chunks = chunks[: max(1, len(chunks) // 2)]
        await connection.start(200, {"Content-Type": "text/event-stream; charset=utf-8"})
        await connection.send(chunks[0])  # It only names the speaker; the first word follows at once.
        for chunk in chunks[1:]:
            await connection.send(chunk)
            await connection.pause(answer.seconds / len(chunks))
        if script.wants("half-stream"):
            return False
        await connection.finish()
        return True
