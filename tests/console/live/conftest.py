"""A tenant with one run, people who may see it or not, and sockets to watch it with."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from channels.auth import AuthMiddlewareStack
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.db import connections
from django.test import Client
from django.utils import timezone

from agents.contracts.events import EventKind
from agents.models import Agent, AgentVersion, EventRow, Run
from budgets.models import Surface, Tenant
from console.live import feeds
from console.live.gate import Gate
from console.live.hub import Hub
from console.live.routing import websocket_urlpatterns
from console.live.threads import in_thread
from console.models import Membership, User

Frame = dict[str, Any]
NO_REDIS = "redis://127.0.0.1:1/0"
HOST = b"console.test:8000"
PATIENCE_SECONDS = 60


@pytest.fixture
def run(transactional_db: None) -> Run:  # noqa: ARG001
    """A run of acme that has begun, with no events yet."""
    acme = Tenant.objects.create(slug="acme", name="Acme")
    surface = Surface.objects.create(tenant=acme, slug="chat", name="Chat")
    agent = Agent.objects.create(name="search")
    version = AgentVersion.objects.create(agent=agent, number=1, digest="d" * 64, spec={})
    return Run.objects.create(
        tenant=acme,
        surface=surface,
        version=version,
        agent_name="search",
        task="find it",
        llm="rehearsal:search",
        state="running",
        launched_by="ada",
        cap_nanos=10**9,
    )


@pytest.fixture
def viewer(run: Run) -> User:
    """Someone who may look at acme."""
    user = User.objects.create_user("acme_viewer", password=None)
    Membership.objects.create(user=user, tenant=run.tenant, role="viewer")
    return user


@pytest.fixture
def stranger(run: Run) -> User:  # noqa: ARG001
    """Someone of another tenant."""
    user = User.objects.create_user("globex_viewer", password=None)
    Membership.objects.create(user=user, tenant=Tenant.objects.create(slug="globex", name="G"), role="admin")
    return user


def cookie_of(user: User) -> bytes:
    """The Cookie header of a new session."""
    client = Client()
    client.force_login(user)
    return f"watchfloor_session={client.cookies['watchfloor_session'].value}".encode()


def tell(run: Run, kind: EventKind, span_id: str = "", *, duration_ms: int | None = None, **data: Any) -> int:
    """Commit one event of the run, as the recorder does, and give its number."""
    seq = Run.objects.get(pk=run.pk).next_seq
    EventRow.objects.create(
        run=run, seq=seq, kind=kind, at=timezone.now(), span_id=span_id, duration_ms=duration_ms, data=data
    )
    Run.objects.filter(pk=run.pk).update(next_seq=seq + 1, steps_count=seq)
    return seq


class Page:
    """An open page: a socket, the cursor it has come to, and the trace rows it shows."""

    def __init__(self, path: str, cookie: bytes = b"", origin: bytes = b"http://" + HOST) -> None:
        headers = [(b"host", HOST), (b"cookie", cookie), (b"origin", origin)]
        routes: list[Any] = websocket_urlpatterns
        application = AuthMiddlewareStack(URLRouter(routes))
        self.socket = WebsocketCommunicator(application, path, headers)
        self.seq = 0
        self.rows: dict[str, str] = {}
        self.ops: list[dict[str, Any]] = []
        self._early: list[Frame] = []

    async def open(self) -> bool:
        accepted, _ = await self.socket.connect(timeout=PATIENCE_SECONDS)
        return accepted

    async def watch(self) -> None:
        """Open until the first heartbeat: from then on the hub counts this page among its viewers."""
        await self.open()
        while "beat" not in (told := json.loads(await self.socket.receive_from(timeout=PATIENCE_SECONDS))):
            self._early.append(told)

    async def frame(self) -> Frame:
        """The next frame that is no heartbeat."""
        if self._early:
            return self._early.pop(0)
        while True:
            told: Frame = json.loads(await self.socket.receive_from(timeout=PATIENCE_SECONDS))
            if "ops" in told:
                return told

    async def text(self) -> Frame:
        """The next message of a text that is being written."""
        while True:
            told: Frame = json.loads(await self.socket.receive_from(timeout=PATIENCE_SECONDS))
            if "text" in told:
                return told

    async def read(self, *, until: int) -> None:
        """Apply frames as the script on the page does, until the cursor stands at ``until``."""
        while self.seq < until:
            frame = await self.frame()
            assert frame["prev"] <= self.seq < frame["seq"], "a hole or a double"
            self.seq = frame["seq"]
            self.ops += frame["ops"]
            for op in frame["ops"]:
                if op["op"] == "append":
                    assert op["key"] not in self.rows
                    self.rows[op["key"]] = op["html"]
            await self.acknowledge()

    async def acknowledge(self) -> None:
        await self.socket.send_json_to({"ack": self.seq})

    async def closing_code(self) -> int:
        """The code that the server closes with; frames before it are passed over."""
        while True:
            message = await self.socket.receive_output(timeout=PATIENCE_SECONDS)
            if message["type"] == "websocket.close":
                return int(message.get("code", 1000))

    async def close(self) -> None:
        await self.socket.disconnect()


Scenario = Callable[[], Awaitable[None]]
Play = Callable[[Scenario], None]


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Play:
    """Plays a scenario on an event loop of its own; the hub hears only what the scenario says."""

    async def with_hub(scenario: Scenario) -> None:
        hub = Hub(NO_REDIS)
        monkeypatch.setattr(hub.bell, "run", asyncio.Event().wait)
        monkeypatch.setattr(hub.ear, "run", asyncio.Event().wait)
        monkeypatch.setattr(feeds, "hub", hub)
        hub.start()
        try:
            await scenario()
        finally:
            await hub.stop()
            await in_thread(connections.close_all)

    monkeypatch.setattr(Gate, "check_seconds", 0.05)
    return lambda scenario: asyncio.run(with_hub(scenario))
