"""A small MCP server without any library, that can also misbehave; run by path with the name of a behaviour.

Its tools: ``echo`` (text, key and process), ``refuse``, ``hang``, ``die``, ``picture``, ``change`` (its list of tools).
"""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

Message = dict[str, Any]

TEXT: Message = {"type": "object", "properties": {"text": {"type": "string"}}, "additionalProperties": False}
HINTS: Message = {"echo": {"readOnlyHint": True}, "send": {"readOnlyHint": False, "idempotentHint": True}}
NAMES = ("ask", "echo", "refuse", "hang", "die", "picture", "change", "send", "wrong_id", "deep", "large", "forget")
SLEEP_SECONDS = 600.0


def tools(extra: str = "") -> list[Message]:
    """What it lists; ``extra`` is one more property of the schema of echo."""
    listed = [
        {"name": name, "description": f"Does {name}.", "inputSchema": TEXT, "annotations": HINTS.get(name, {})}
        for name in NAMES
    ]
    if extra:
        listed[NAMES.index("echo")]["inputSchema"] = {
            **TEXT,
            "properties": {**TEXT["properties"], extra: {"type": "string"}},
        }
    return listed


def say(message: object) -> None:
    """One line to the client."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def answer(request: Message, result: object) -> None:
    """The result of a request."""
    say({"jsonrpc": "2.0", "id": request["id"], "result": result})


def text(value: str) -> Message:
    """A result that is one text."""
    return {"content": [{"type": "text", "text": value}]}


class Server:
    """One client, one thread."""

    def __init__(self, behaviour: str, notes: str) -> None:
        self.behaviour = behaviour
        self.notes = Path(notes) if notes else None
        self.listed = tools()

    def note(self, line: str) -> None:
        """Leave a line for the test."""
        if self.notes is not None:
            with self.notes.open("a") as file:
                file.write(line + "\n")

    def serve(self) -> None:
        """Until the client closes the pipe."""
        self.note(f"pid {os.getpid()}")
        self.before()
        for line in sys.stdin:
            message = json.loads(line)
            method = message.get("method", "")
            if method == "notifications/cancelled":
                self.note(f"cancelled {message['params']['requestId']}")
            elif "id" in message and method:
                getattr(self, "on_" + method.replace("/", "_"))(message)

    def before(self) -> None:
        """What goes wrong at once."""
        if self.behaviour == "hangs_at_start":
            time.sleep(SLEEP_SECONDS)
        elif self.behaviour == "dies_at_start":
            sys.stderr.write("no licence found\n")
            sys.exit(3)
        elif self.behaviour == "garbage":
            sys.stdout.write("Starting up ...\n{not json\n[1]\n\n" + "x" * 100_000 + "\n")
        elif self.behaviour == "endless_line":
            while True:
                sys.stdout.write("x" * 1_000_000)
        elif self.behaviour == "noise":
            sys.stderr.write("chatter " * 1_000_000)
        elif self.behaviour == "tells":
            self.listed[0] = {**self.listed[0], "description": f"Has {os.environ['TOKEN']}."}
            self.listed[1] = {**self.listed[1], "name": os.environ["TOKEN"]}
            schema = {**TEXT, "description": os.environ["TOKEN"]}
            self.listed[2] = {**self.listed[2], "inputSchema": schema}
        elif self.behaviour == "tells_and_dies":
            sys.exit(f"cannot sign in with {os.environ['TOKEN']}")
        elif self.behaviour == "endless_noise":
            threading.Thread(target=self.chatter, daemon=True).start()
        elif self.behaviour == "leaves_a_child":
            child = subprocess.Popen(["sleep", "600"])
            self.note(f"child {child.pid}")

    def chatter(self) -> None:
        """Write to the error output for ever."""
        while True:
            sys.stderr.write("chatter " * 10_000)

    def on_initialize(self, request: Message) -> None:
        """The handshake."""
        if self.behaviour == "newer":
            supported = {"supported": ["2026-07-28"], "requested": "2025-11-25"}
            error = {"code": -32022, "message": "Unsupported protocol version", "data": supported}
            say({"jsonrpc": "2.0", "id": request["id"], "error": error})
            return
        said = {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}}
        answer(request, {**said, "serverInfo": {"name": "test", "version": "1"}})
        if self.behaviour == "floods":
            while True:
                say({"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": "x"}})

    def on_server_discover(self, request: Message) -> None:
        """The handshake of newer servers."""
        said = {"supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}}, "resultType": "complete"}
        answer(request, {**said, "ttlMs": 0, "cacheScope": "private"})

    def on_tools_list(self, request: Message) -> None:
        """The tools, or too many of them."""
        self.note("listed")
        if self.behaviour == "ten_thousand_tools":
            answer(request, {"tools": [{"name": f"tool{n}", "inputSchema": TEXT} for n in range(10_000)]})
        elif self.behaviour == "endless_pages":
            answer(request, {"tools": self.listed, "nextCursor": "again"})
        elif self.behaviour == "deep_schema":
            schema = '{"type":"object","properties":' * 10_000 + "{}" + "}" * 10_000
            body = f'{{"tools":[{{"name":"echo","inputSchema":{schema}}}]}}'
            sys.stdout.write(f'{{"jsonrpc":"2.0","id":{request["id"]},"result":{body}}}\n')
            sys.stdout.flush()
        elif self.behaviour == "newer":
            answer(request, {"tools": self.listed, "resultType": "complete", "ttlMs": 0, "cacheScope": "private"})
        else:
            answer(request, {"tools": self.listed})

    def on_tools_call(self, request: Message) -> None:
        """A call."""
        params: Message = request["params"]
        self.note(f"call {params['name']}")
        getattr(self, "call_" + params["name"])(request, params)

    def call_echo(self, request: Message, params: Message) -> None:
        key, given = params["_meta"]["idempotencyKey"], params.get("arguments", {})
        said = {"text": given.get("text"), "key": key, "process": os.getpid(), "environment": dict(os.environ)}
        answer(request, {**text(json.dumps(said)), "structuredContent": said, "resultType": "complete"})

    call_send = call_echo

    def call_refuse(self, request: Message, _params: object) -> None:
        answer(request, {**text("There is no such tea. " * 1_000), "isError": True})

    def call_hang(self, _request: Message, _params: object) -> None:
        """No answer ever; later messages are still read."""

    def call_die(self, _request: Message, _params: object) -> None:
        sys.stderr.write("out of memory\n")
        sys.exit(9)

    def call_ask(self, request: Message, _params: object) -> None:
        """Ask the client for something before there is an answer, and tell what came of it."""
        asked = {"jsonrpc": "2.0", "id": 77, "method": "sampling/createMessage"}
        say({**asked, "params": {"messages": [], "maxTokens": 5}})
        reply = json.loads(sys.stdin.readline())
        answer(request, text(str(reply["error"]["message"])))

    def call_forget(self, request: Message, _params: object) -> None:
        """Say what the SDK says of a lost session."""
        say({"jsonrpc": "2.0", "id": request["id"], "error": {"code": -32600, "message": "Session terminated"}})

    def call_picture(self, request: Message, _params: object) -> None:
        image = {"type": "image", "data": "aGVsbG8=", "mimeType": "image/png"}
        answer(request, {"content": [{"type": "text", "text": "See:"}, image]})

    def call_change(self, request: Message, params: Message) -> None:
        given = str(params.get("arguments", {}).get("text", ""))
        self.listed = tools(given) if given else [tool for tool in tools() if tool["name"] != "echo"]
        say({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"})
        answer(request, text("changed"))

    def call_wrong_id(self, _request: Message, _params: object) -> None:
        answer({"id": 424_242}, text("to whom?"))
        answer({"id": "x" * 1_000}, text("to whom?"))

    def call_deep(self, request: Message, _params: object) -> None:
        body = '{"a":' * 10_000 + "1" + "}" * 10_000
        sys.stdout.write(
            f'{{"jsonrpc":"2.0","id":{request["id"]},"result":{{"content":[],"structuredContent":{body}}}}}\n'
        )
        sys.stdout.flush()

    def call_large(self, request: Message, _params: object) -> None:
        sys.stdout.write(f'{{"jsonrpc":"2.0","id":{request["id"]},"result":{{"content":[{{"type":"text","text":"')
        for _ in range(200):
            sys.stdout.write("x" * 1_000_000)


if __name__ == "__main__":
    Server(sys.argv[1], sys.argv[2]).serve()
