"""The fixed cast, two tenants with their surfaces, one agent, and runs as rows."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from agents.contracts.specs import AgentSpec
from agents.models import Agent, AgentVersion, EventRow, Run
from budgets.models import Surface, Tenant
from console.access.seed import seed_people
from console.models import User

CAST = ("acme_viewer", "acme_operator", "acme_approver", "acme_admin", "globex_operator", "admin")
USUAL: dict[str, Any] = {"task": "Read this.", "llm": "rehearsal:search", "cap_nanos": 100_000_000}
MakeRun = Callable[..., Run]
AddEvents = Callable[..., None]
SignedIn = Callable[[str], Client]


@pytest.fixture(autouse=True)
def _no_collected_files(settings: Settings, tmp_path: Path) -> None:
    """Static files come from their source folders, whatever this machine has collected."""
    settings.STATIC_ROOT = tmp_path


@pytest.fixture
def cast(first_use: None) -> dict[str, User]:  # noqa: ARG001
    """Everybody by username, with the tenants of a first start."""
    seed_people()
    return {user.username: user for user in User.objects.all()}


@pytest.fixture
def acme(cast: dict[str, User]) -> Tenant:  # noqa: ARG001
    return Tenant.objects.get(slug="acme")


@pytest.fixture
def globex(cast: dict[str, User]) -> Tenant:  # noqa: ARG001
    return Tenant.objects.get(slug="globex")


@pytest.fixture
def signed_in(cast: dict[str, User]) -> SignedIn:
    """A browser in which this person is signed in."""

    def sign_in(username: str) -> Client:
        client = Client()
        client.force_login(cast[username])
        return client

    return sign_in


@pytest.fixture
def acme_viewer(signed_in: SignedIn) -> Client:
    return signed_in("acme_viewer")


@pytest.fixture
def acme_operator(signed_in: SignedIn) -> Client:
    return signed_in("acme_operator")


@pytest.fixture
def acme_approver(signed_in: SignedIn) -> Client:
    return signed_in("acme_approver")


@pytest.fixture
def acme_admin(signed_in: SignedIn) -> Client:
    return signed_in("acme_admin")


@pytest.fixture
def globex_operator(signed_in: SignedIn) -> Client:
    return signed_in("globex_operator")


@pytest.fixture
def agent(db: None) -> Agent:  # noqa: ARG001
    """An agent that reads text files and has no tools."""
    spec = AgentSpec(
        name="reader",
        title="Reader",
        purpose="Reads.",
        example_task="Read this.",
        system_prompt="You read.",
        llms=("rehearsal:search",),
        accepts=(".txt", ".pdf"),
    )
    row = Agent.objects.create(name="reader")
    version = AgentVersion.objects.create(agent=row, number=1, digest="d" * 64, spec=spec.model_dump(mode="json"))
    row.current = version
    row.save()
    return row


@pytest.fixture
def make_run(agent: Agent) -> MakeRun:
    """A run of the agent as a row, in any state; ended ones end now."""

    def make(tenant: Tenant, *, surface: str = "free-chat", state: str = "running", **fields: Any) -> Run:
        now = timezone.now()
        run = Run(
            tenant=tenant,
            surface=Surface.objects.get(tenant=tenant, slug=surface),
            version=agent.current,
            agent_name=agent.name,
            state=state,
            launched_by="acme_operator",
            **{**USUAL, "started_at": now - timedelta(seconds=30), **fields},
        )
        if run.ended and run.ended_at is None:
            run.ended_at = now
        run.save()
        return run

    return make


@pytest.fixture
def add_events() -> AddEvents:
    """Events of a run as (kind, data) pairs, numbered on from what it has; ``span`` in data is their span."""

    def add(run: Run, *events: tuple[str, dict[str, Any]]) -> None:
        for kind, given in events:
            data = dict(given)
            EventRow.objects.create(
                run=run,
                seq=run.next_seq,
                kind=kind,
                at=timezone.now(),
                turn=data.pop("turn", 1),
                span_id=data.pop("span", ""),
                parent_span_id=data.pop("parent", ""),
                duration_ms=data.pop("ms", None),
                data=data,
            )
            run.next_seq += 1
        run.save(update_fields=["next_seq"])

    return add


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """No Redis: what would have been enqueued is kept in this list, bells are silent."""
    enqueued: list[str] = []
    monkeypatch.setattr("agents.lifecycle.enqueue", enqueued.append)
    monkeypatch.setattr("agents.approvals.deciding.enqueue", enqueued.append)
    monkeypatch.setattr("agents.forks.enqueue", enqueued.append)
    monkeypatch.setattr("agents.bell.ring_head", lambda *_: True)
    monkeypatch.setattr("agents.bell.ring_kills", lambda *_: True)
    monkeypatch.setattr("agents.bell.ring_health", lambda *_: True)
    return enqueued
