"""Whoever signs out, is disabled or loses the role sees no more: all sockets of that person are closed."""

import threading
import time
from collections.abc import Callable

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Origin

from agents.models import Run
from console.live.gate import CHECK_SECONDS
from console.models import Membership, User
from tests.flows.console_client import ConsoleClient, signed_in
from tests.flows.test_lossy_feed import made
from tests.harness.live_stack import LiveStack

pytestmark = [pytest.mark.flows, pytest.mark.either_database]
WITHIN_SECONDS = 5.0
USERNAME = "acme_operator"


class Socket(threading.Thread):
    """An open feed that notes why and when it was closed."""

    def __init__(self, stack: LiveStack, cookie: str, path: str) -> None:
        super().__init__(name="socket", daemon=True)
        self._address = f"{stack.base_url.replace('http', 'ws', 1)}/live/t/acme/{path}"
        self._origin, self._cookie = stack.base_url, cookie
        self.code = 0
        self.closed_at = 0.0
        self.there = threading.Event()

    def run(self) -> None:
        given = {"Cookie": self._cookie}
        with connect(self._address, additional_headers=given, origin=Origin(self._origin), proxy=None) as socket:
            try:
                while True:
                    socket.recv()
                    self.there.set()
            except ConnectionClosed as closed:
                self.code = closed.rcvd.code if closed.rcvd else 0
                self.closed_at = time.monotonic()


def sign_out(console: ConsoleClient) -> None:
    console.write("/sign-out/", form_at="/t/acme/runs/")


def disable(_console: ConsoleClient) -> None:
    User.objects.filter(username=USERNAME).update(is_active=False)


def take_the_role(_console: ConsoleClient) -> None:
    Membership.objects.filter(user__username=USERNAME).delete()


@pytest.fixture
def run(live_stack: LiveStack) -> Run:
    assert live_stack.base_url
    return made()


# The last one takes the role for good, in rows that these tests share.
@pytest.mark.parametrize(("end", "code"), [(sign_out, 4401), (disable, 4401), (take_the_role, 4403)])
def test_all_feeds_are_closed(live_stack: LiveStack, run: Run, end: Callable[[ConsoleClient], None], code: int) -> None:
    with signed_in(live_stack, USERNAME) as console:
        sockets = [Socket(live_stack, console.cookies, path) for path in ("runs/", f"runs/{run.pk}/", "tools/")]
        for socket in sockets:
            socket.start()
            assert socket.there.wait(60)
        end(console)
        ended_at = time.monotonic()
        for socket in sockets:
            socket.join(60)
    User.objects.filter(username=USERNAME).update(is_active=True)
    assert [socket.code for socket in sockets] == [code] * 3
    print(f"{end.__name__}: closed after {max(socket.closed_at for socket in sockets) - ended_at:.1f} s")


def test_the_gate_asks_often_enough() -> None:
    assert 2 * CHECK_SECONDS < WITHIN_SECONDS
