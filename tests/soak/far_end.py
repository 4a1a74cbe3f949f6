"""Where effects arrive: a server that takes everything, answers late, and remembers what came."""

import json
import random
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

from agents.contracts.calls import IDEMPOTENCY_HEADER

SLOWEST_SECONDS = 2.0


class Intent(NamedTuple):
    """One call of one run, which is to happen once."""

    run_id: str
    call_id: str


class FarEnd:
    """What arrived, by the call that it was for; `keys` has one entry for each arrival."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)
        self._lock = threading.Lock()
        self._arrived: dict[Intent, list[str]] = defaultdict(list)
        self._keyed: set[Intent] = set()
        self.url = ""

    def take(self, kind: str, intent: Intent, key: str) -> float:
        """It has happened; returns how many seconds later its sender may know."""
        with self._lock:
            self._arrived[intent].append(key)
            if kind == "keyed":
                self._keyed.add(intent)
            return self._dice.random() ** 3 * SLOWEST_SECONDS

    def arrivals(self) -> dict[Intent, tuple[str, ...]]:
        """The keys that came with each call, in order."""
        with self._lock:
            return {intent: tuple(keys) for intent, keys in self._arrived.items()}

    def is_keyed(self, intent: Intent) -> bool:
        """Whether the far end would take a second arrival under the same key for the first one."""
        return intent in self._keyed


@contextmanager
def far_end(seed: int) -> Iterator[FarEnd]:
    """Listen on a free port of this machine."""
    end = FarEnd(seed)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            key = self.headers[IDEMPOTENCY_HEADER]
            time.sleep(end.take(body["kind"], Intent(body["run"], body["call"]), key))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"text": "taken"}')

        def log_message(self, format: str, *args: object) -> None:
            """Nobody reads along."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """A sender that died does not want its answer."""

    with Server(("127.0.0.1", 0), Handler) as server:
        end.url = f"http://127.0.0.1:{server.server_port}/"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield end
        server.shutdown()
