"""Fifty sockets that never read: they are closed, memory stays bounded, and others see what happens all the same."""

import base64
import json
import os
import re
import select
import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis

from agents.bell import HEADS
from agents.models import EventRow, Run
from tests.console.long_run import write_turns
from tests.flows.console_client import signed_in
from tests.flows.test_lossy_feed import CURSOR, Watcher, made
from tests.harness.live_stack import LiveStack

pytestmark = [pytest.mark.flows, pytest.mark.either_database]
SILENT = 50
CLOSED_WITHIN_SECONDS = 30.0
OTHERS_P95_SECONDS = 1.0
MOST_GROWTH_MB = 120
TURNS_AT_ONCE = 20
PAUSE_SECONDS = 0.2
BIG_OUTPUT = "x" * 1_000_000


class TimedWatcher(Watcher):
    """Also notes when it had come how far."""

    def _take(self, frame: dict[str, object]) -> None:
        super()._take(frame)
        self.arrivals.append((self.seq, time.monotonic()))

    def __init__(self, *, origin: str, cookie: str, page: str) -> None:
        self.arrivals: list[tuple[int, float]] = []
        super().__init__(origin=origin, cookie=cookie, page=page)


def test_who_never_reads_is_closed_and_harms_nobody(live_stack: LiveStack) -> None:
    run = made()
    head = write_turns(run, 10)
    EventRow.objects.filter(run=run, kind="tool.ended").update(data={"tool": "look_up", "output": BIG_OUTPUT})
    with signed_in(live_stack) as console:
        page = console.read(f"/t/acme/runs/{run.pk}/")
        watcher = TimedWatcher(origin=live_stack.base_url, cookie=console.cookies, page=page)
        watcher.start()
        before_mb = resident_mb(live_stack.pid("web"))
        silent = [never_reads(live_stack.base_url, console.cookies, page) for _ in range(SILENT)]
        began, committed, most_mb = time.monotonic(), list[tuple[int, float]](), before_mb
        with redis.Redis.from_url(live_stack.redis_url) as bell:
            while open_ones(silent):
                assert time.monotonic() - began < 2 * CLOSED_WITHIN_SECONDS, f"{len(open_ones(silent))} are still open"
                head = write_turns(run, TURNS_AT_ONCE)
                committed.append((head, time.monotonic()))
                bell.publish(HEADS, json.dumps({"run": run.pk, "tenant": run.tenant_id, "head": head}))
                most_mb = max(most_mb, resident_mb(live_stack.pid("web")))
                watcher.done.wait(PAUSE_SECONDS)
        took = time.monotonic() - began
        for each in silent:
            each.close()
        live_stack.wait_for(lambda: watcher.seq >= head, what="the one that reads to have everything")
        watcher.done.set()
        watcher.join(60)
    late = p95([shown_after(watcher, seq, at) for seq, at in committed])
    print(f"closed after {took:.1f} s; memory +{most_mb - before_mb:.0f} MB; the others' p95 {late * 1000:.0f} ms")
    assert took < CLOSED_WITHIN_SECONDS + PAUSE_SECONDS
    assert most_mb - before_mb < MOST_GROWTH_MB
    assert late < OTHERS_P95_SECONDS
    assert Run.objects.get(pk=run.pk).next_seq == head + 1


def never_reads(base_url: str, cookies: str, page: str) -> socket.socket:
    """A socket that shakes hands and then leaves everything where it is."""
    found, place = CURSOR.search(page), urlsplit(base_url)
    assert found is not None
    made_socket = socket.socket()
    made_socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    made_socket.connect((place.hostname, place.port))
    key = base64.b64encode(os.urandom(16)).decode()
    made_socket.sendall(
        f"GET {found[1]}?epoch={found[3]}&seq={found[2]} HTTP/1.1\r\nHost: {place.netloc}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
        f"Origin: {base_url}\r\nCookie: {cookies}\r\n\r\n".encode()
    )
    answer = made_socket.recv(64)
    assert answer.startswith(b"HTTP/1.1 101"), answer
    return made_socket


def open_ones(sockets: list[socket.socket]) -> list[socket.socket]:
    """Those that the server has not hung up on; nothing is read to find out."""
    poll = select.poll()
    for each in sockets:
        poll.register(each, select.POLLRDHUP)
    gone = {number for number, _ in poll.poll(0)}
    return [each for each in sockets if each.fileno() not in gone]


def resident_mb(pid: int) -> float:
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(encoding="ascii"))
    assert found is not None
    return int(found[1]) / 1024


def shown_after(watcher: TimedWatcher, seq: int, committed_at: float) -> float:
    """Seconds from the commit to the frame that brought it."""
    return next(at for reached, at in watcher.arrivals if reached >= seq) - committed_at


def p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]
