"""A vendor inside the test process: what an LLM says is written in the task, and each answer may wait at a gate.

A task is a row of words, one for each answer: ``note answer@late`` calls the tool ``note``, and then, once the gate
``late`` is open, says "answer".
"""

import json
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PATIENCE_SECONDS = 120.0
USAGE = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}


class GatedVendor:
    """Speaks OpenAI's chat completions; knows who was asked what, and who waits."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._gates: defaultdict[str, threading.Event] = defaultdict(threading.Event)
        self.asked: Counter[tuple[str, int]] = Counter()
        """How often each answer of each task was asked for; its answers count from 0."""
        self.waiting: Counter[str] = Counter()
        """How many requests wait at each gate."""

    def open(self, gate: str) -> None:
        """Let everybody through who waits there, or comes later."""
        with self._lock:
            self._gates[gate].set()

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """What the LLM says next; comes back when its gate is open."""
        messages = request["messages"]
        task = next(text_of(message) for message in messages if message["role"] == "user")
        number = sum(message["role"] == "assistant" for message in messages)
        word, _, gate = task.split()[number].partition("@")
        with self._lock:
            self.asked[task, number] += 1
            opened = self._gates[gate] if gate else None
        if opened is not None:
            self._wait(gate, opened)
        if word.startswith("answer"):
            return {"role": "assistant", "content": f"{word} {task.split()[-1]}"}
        call = {"name": word, "arguments": json.dumps({"text": f"{task.split()[-1]} {number}"})}
        return {
            "role": "assistant",
            "tool_calls": [{"index": 0, "id": f"c{number}", "type": "function", "function": call}],
        }

    def _wait(self, gate: str, opened: threading.Event) -> None:
        with self._lock:
            self.waiting[gate] += 1
        try:
            opened.wait(PATIENCE_SECONDS)
        finally:
            with self._lock:
                self.waiting[gate] -= 1


def text_of(message: dict[str, Any]) -> str:
    """A message's words, however they are wrapped."""
    content = message["content"]
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024
    vendor: GatedVendor


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        message = self.server.vendor.answer(request)
        finish = "tool_calls" if "tool_calls" in message else "stop"
        named = {"id": "c", "created": 1, "model": request["model"], "object": "chat.completion.chunk"}
        said = {**named, "choices": [{"index": 0, "delta": message, "finish_reason": None}]}
        ended = {**named, "choices": [{"index": 0, "delta": {}, "finish_reason": finish}]}
        counted = {**named, "choices": [], "usage": USAGE}
        lines = [f"data: {json.dumps(part)}\n\n" for part in (said, ended, counted)]
        body = "".join([*lines, "data: [DONE]\n\n"]).encode()
        try:
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:  # whoever asked is gone: that is what these tests are about
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def gated_vendor() -> Iterator[tuple[GatedVendor, str]]:
    """A vendor, and the base URL under which it answers."""
    vendor = GatedVendor()
    server = _Server(("127.0.0.1", 0), _Handler)
    server.vendor = vendor
    thread = threading.Thread(target=server.serve_forever, name="gated vendor", daemon=True)
    thread.start()
    try:
        yield vendor, f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
