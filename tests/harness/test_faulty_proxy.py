"""Each fault of the proxy, felt by a client of a server that echoes."""

import contextlib
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from urllib.parse import urlsplit

import pytest

from tests.harness.faulty_proxy import FaultyProxy, address

PATIENCE_SECONDS = 60.0
A_DAY_MS = 86_400_000


class Echo(socketserver.BaseRequestHandler):
    """Sends back what it hears, and remembers it."""

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            while heard := self.request.recv(65536):
                self.server.heard += heard  # type: ignore[attr-defined]  # set where the server is made
                self.request.sendall(heard)


class EchoServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    heard = b""

    def has_heard(self, words: bytes) -> bool:
        return self.heard == words


@pytest.fixture
def echo() -> Iterator[EchoServer]:
    with EchoServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def proxy(echo: EchoServer) -> Iterator[FaultyProxy]:
    with FaultyProxy(f"127.0.0.1:{echo.server_address[1]}") as running:
        yield running


@contextlib.contextmanager
def client(proxy: FaultyProxy) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=PATIENCE_SECONDS) as connected:
        yield connected


def say(connected: socket.socket, words: bytes) -> bytes:
    """What comes back: as many bytes as were sent, or fewer when the connection ended."""
    connected.sendall(words)
    heard = b""
    while len(heard) < len(words) and (more := connected.recv(65536)):
        heard += more
    return heard


def is_silent(connected: socket.socket) -> bool:
    connected.settimeout(0.2)
    try:
        connected.recv(1)
    except TimeoutError:
        return True
    return False


def until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_without_a_fault_everything_passes_in_order_and_is_counted(proxy: FaultyProxy) -> None:
    words = bytes(range(256)) * 2_000
    with client(proxy) as one, client(proxy) as two:
        assert say(one, words) == words
        assert say(two, b"tea") == b"tea"
        assert (proxy.counters.opened, proxy.counters.open) == (2, 2)
    until(lambda: proxy.counters.open == 0)
    assert proxy.up.carried_bytes == proxy.down.carried_bytes == len(words) + 3
    assert (proxy.counters.cut, proxy.counters.refused) == (0, 0)


def test_the_end_of_one_side_reaches_the_other(proxy: FaultyProxy) -> None:
    with client(proxy) as connected:
        connected.sendall(b"tea")
        connected.shutdown(socket.SHUT_WR)
        assert connected.recv(3) == b"tea"
        assert connected.recv(1) == b""


@pytest.mark.parametrize("way", ["up", "down"])
def test_a_delay_is_felt_by_each_chunk_of_its_direction(proxy: FaultyProxy, way: str) -> None:
    faults = getattr(proxy, way)
    faults.delay_ms, faults.jitter_ms = 80, 20
    with client(proxy) as connected:
        before = time.monotonic()
        assert say(connected, b"tea") == b"tea"
        assert time.monotonic() - before >= 0.08
        faults.delay_ms = A_DAY_MS
        proxy.heal()
        assert say(connected, b"tea") == b"tea"


def test_a_throttle_lets_so_many_bytes_pass_a_second(proxy: FaultyProxy) -> None:
    proxy.down.bytes_per_second = 20_000
    with client(proxy) as connected:
        before = time.monotonic()
        assert say(connected, b"x" * 6_000) == b"x" * 6_000
        assert time.monotonic() - before > 0.2


def test_a_cut_resets_every_open_connection_and_no_later_one(proxy: FaultyProxy) -> None:
    with client(proxy) as one, client(proxy) as two:
        assert say(one, b"a") + say(two, b"b") == b"ab"
        assert proxy.cut() == 2
        for connected in (one, two):
            with pytest.raises(ConnectionResetError):
                connected.recv(1)
    with client(proxy) as three:
        assert say(three, b"c") == b"c"
    until(lambda: proxy.counters.cut == 2)


def test_a_cut_after_bytes_lets_exactly_those_pass(proxy: FaultyProxy, echo: EchoServer) -> None:
    proxy.up.cut_after_bytes = 5
    with client(proxy) as connected, contextlib.suppress(ConnectionResetError):
        assert len(say(connected, b"tea and cake")) <= 5
    until(lambda: echo.heard == b"tea a")
    with client(proxy) as later:
        assert say(later, b"more than five") == b"more than five"


@pytest.mark.parametrize("pieces", [(b"one COMMIT two",), (b"one COM", b"MIT two")])
def test_words_cut_before_they_pass_once_even_across_chunks(
    proxy: FaultyProxy, echo: EchoServer, pieces: tuple[bytes, ...]
) -> None:
    proxy.down.cut_before(b"COMMIT")
    heard = b""
    with client(proxy) as connected, contextlib.suppress(ConnectionResetError):
        for number, piece in enumerate(pieces):
            connected.sendall(piece)
            until(partial(echo.has_heard, b"".join(pieces[: number + 1])))
            heard += connected.recv(64)
    assert b"MIT" not in heard
    until(lambda: proxy.counters.cut == 1)
    assert proxy.down.cuts_left == 0
    with client(proxy) as later:
        assert say(later, b"COMMIT") == b"COMMIT"


def test_new_connections_are_refused_while_old_ones_go_on(proxy: FaultyProxy) -> None:
    with client(proxy) as old:
        assert say(old, b"a") == b"a"
        proxy.refuse = True
        with pytest.raises(ConnectionResetError), client(proxy) as new:
            new.recv(1)
        assert say(old, b"b") == b"b"
        proxy.heal()
        with client(proxy) as new:
            assert say(new, b"c") == b"c"
    assert proxy.counters.refused == 1


def test_half_open_it_swallows_what_is_said_and_stays_connected(proxy: FaultyProxy, echo: EchoServer) -> None:
    proxy.up.swallow = True
    with client(proxy) as connected:
        connected.sendall(b"lost")
        assert is_silent(connected)
        proxy.heal()
        connected.settimeout(PATIENCE_SECONDS)
        assert say(connected, b"heard") == b"heard"
    assert echo.heard == b"heard"


def test_half_open_it_stops_reading_until_the_sender_can_send_no_more_and_loses_nothing(
    proxy: FaultyProxy, echo: EchoServer
) -> None:
    proxy.up.stall = True
    with client(proxy) as connected:
        connected.setblocking(False)
        sent = 0
        with contextlib.suppress(BlockingIOError):
            while sent < 64 * 1024 * 1024:
                sent += connected.send(b"x" * 65536)
        assert 0 < sent < 64 * 1024 * 1024
        assert echo.heard == b""
        proxy.up.stall, proxy.down.swallow = False, True
        until(lambda: len(echo.heard) == sent)


def test_a_target_that_is_not_there_ends_a_connection_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with FaultyProxy(f"127.0.0.1:{port}") as proxy:
        with pytest.raises(ConnectionResetError), client(proxy) as connected:
            connected.recv(1)
        assert proxy.counters.unreachable == 1


def test_its_url_keeps_all_but_the_address() -> None:
    with FaultyProxy("redis://:secret@10.0.0.1:7000/3") as proxy:
        assert proxy.url() == f"redis://:secret@127.0.0.1:{proxy.port}/3"
        assert proxy.url("http://elsewhere/v1?a=b") == f"http://127.0.0.1:{proxy.port}/v1?a=b"


def test_a_unix_socket_may_be_the_target() -> None:
    assert address(urlsplit("postgres://me@%2Ftmp%2FPg-1/base")) == ("/tmp/Pg-1", 5432)
