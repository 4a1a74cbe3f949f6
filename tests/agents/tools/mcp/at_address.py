"""The test server behind an address of the loopback, in threads: streamable HTTP, well-behaved or not."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from agents.tools.mcp.schemas import seen_tool
from tests.agents.tools.mcp.server import TEXT, Message, text

NAMES = ("echo", "stream", "hang", "page", "broken", "large", "bomb", "flood", "elsewhere", "cut", "half", "unknown")
LISTED: list[Message] = [{"name": name, "description": name, "inputSchema": TEXT} for name in NAMES]
DIGESTS = {str(each["name"]): seen_tool(each).digest for each in LISTED}
JSON = "application/json"
EVENTS = "text/event-stream"


@dataclass
class Shelf:
    """What the server knows and does. ``session`` is the one that it accepts; ``deaf``: it hangs on notices."""

    requests: list[tuple[Message, dict[str, str]]] = field(default_factory=list)
    session: str = "s1"
    deaf: bool = False
    port: int = 0
    arrived: threading.Event = field(default_factory=threading.Event)
    hung_up: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/mcp"

    def methods(self) -> list[str]:
        """What it was asked, in order."""
        return [str(said.get("method")) for said, _ in self.requests]


class Handler(BaseHTTPRequestHandler):
    """One request."""

    shelf: Shelf

    def log_message(self, format: str, *_arguments: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """No stream of its own."""
        self.reply(b"", "text/plain", status=405)

    def do_DELETE(self) -> None:
        """The end of a session."""
        self.reply(b"", "text/plain")

    def do_POST(self) -> None:
        """A message."""
        said: Message = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.shelf.requests.append((said, {name.lower(): value for name, value in self.headers.items()}))
        method = str(said["method"])
        if method == "initialize":
            result = {
                "protocolVersion": "2025-06-18",
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "t", "version": "1"},
            }
            self.result(said, result, ("mcp-session-id", self.shelf.session))
        elif self.headers.get("mcp-session-id") != self.shelf.session:
            self.reply(b"", "text/plain", status=404)
        elif "id" not in said:
            if self.shelf.deaf:
                self.shelf.over.wait(60)
            self.reply(b"", "text/plain", status=202)
        elif method == "tools/list":
            self.result(said, {"tools": LISTED})
        else:
            getattr(self, "call_" + said["params"]["name"])(said)

    def reply(self, body: bytes, kind: str, *headers: tuple[str, str], status: int = 200, whole: bool = True) -> None:
        """An answer; one that is not ``whole`` goes on until the connection ends."""
        self.send_response(status)
        self.send_header("content-type", kind)
        if whole:
            self.send_header("content-length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def result(self, said: Message, result: Message, *headers: tuple[str, str]) -> None:
        """A result as JSON."""
        self.reply(json.dumps({"jsonrpc": "2.0", "id": said["id"], "result": result}).encode(), JSON, *headers)

    def call_echo(self, said: Message) -> None:
        """The arguments, the key, and what came in the headers."""
        given = {"text": said["params"]["arguments"].get("text"), "key": said["params"]["_meta"]["idempotencyKey"]}
        self.result(said, {"content": [], "structuredContent": given})

    def call_stream(self, said: Message) -> None:
        """A word by the way, then the result."""
        way = {"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": "x"}}
        found = {"jsonrpc": "2.0", "id": said["id"], "result": text("tea")}
        events = b"".join(f"event: message\ndata: {json.dumps(each)}\n\n".encode() for each in (way, found))
        self.reply(events, EVENTS)

    def call_hang(self, _said: Message) -> None:
        """Nothing, until the client hangs up."""
        self.shelf.arrived.set()
        if not self.connection.recv(1):
            self.shelf.hung_up.set()

    def call_page(self, _said: Message) -> None:
        """A page of some proxy."""
        self.reply(b"<!doctype html>", "text/html")

    def call_broken(self, _said: Message) -> None:
        """A failure of the server's own."""
        self.reply(b"oops", "text/plain", status=500)

    def call_large(self, _said: Message) -> None:
        """JSON without an end."""
        self.endless(b'"' + b"x" * 100_000, JSON)

    def call_bomb(self, _said: Message) -> None:
        """Something that unfolds."""
        self.reply(b"\x1f\x8b", JSON, ("content-encoding", "gzip"))

    def call_flood(self, _said: Message) -> None:
        """Words by the way without an end."""
        way = {"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": "x"}}
        self.endless(f"event: message\ndata: {json.dumps(way)}\n\n".encode() * 100, EVENTS)

    def call_elsewhere(self, _said: Message) -> None:
        """The metadata service of a cloud."""
        self.reply(b"", "text/plain", ("location", "http://169.254.169.254/latest/"), status=307)

    def call_cut(self, _said: Message) -> None:
        """The connection ends."""
        self.close_connection = True

    def call_half(self, _said: Message) -> None:
        """The connection ends in the middle of the answer."""
        self.reply(b'{"jsonrpc":', JSON, ("x-length", "wrong"), whole=False)

    def endless(self, piece: bytes, kind: str) -> None:
        """A body without an end."""
        try:
            self.reply(piece, kind, whole=False)
            while not self.shelf.over.is_set():
                self.wfile.write(piece)
        except OSError:
            self.shelf.hung_up.set()


@contextmanager
def shelf_at_address() -> Iterator[Shelf]:
    """The server on a free port."""
    shelf = Shelf()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Handler,), {"shelf": shelf}))
    server.daemon_threads = True
    shelf.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield shelf
    finally:
        shelf.over.set()
        server.shutdown()
        server.server_close()
        thread.join(60)
