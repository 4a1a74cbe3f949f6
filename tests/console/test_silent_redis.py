"""What a page may ask of Redis: each time costs two seconds when it takes everything and answers nothing."""

from collections.abc import Iterator

import pytest
import redis
from django.test import Client

from agents import bell
from agents.models import Run
from budgets.models import Tenant
from console.celery import app
from tests.console.conftest import MakeRun

PAGES = ("runs/", "runs/new/", "runs/{run}/", "budgets/", "budgets/tiers/")
MOST_PER_WORD = 3
"""Two tries to put a message before the workers, and a hint to those who watch."""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Each time that this process wanted a connection, and had none."""
    tries: list[str] = []

    def silent(self: redis.Connection, *_: object, **__: object) -> None:
        tries.append(repr(self))
        raise redis.TimeoutError("it says nothing")

    monkeypatch.setattr(redis.connection.AbstractConnection, "connect", silent)
    monkeypatch.setattr(redis.connection.AbstractConnection, "connect_check_health", silent)
    _forget()
    yield tries
    _forget()


def _forget() -> None:
    """Connections that were made before."""
    bell.client.cache_clear()
    vars(app.amqp).pop("producer_pool", None)


def test_a_page_is_read_without_redis(asked: list[str], acme_operator: Client, acme: Tenant, make_run: MakeRun) -> None:
    run = make_run(acme)
    for page in PAGES:
        assert acme_operator.get(f"/t/acme/{page.format(run=run.pk)}").status_code == 200, page
    assert asked == []


def test_a_launch_and_a_kill_wait_for_redis_a_few_times_at_most(
    asked: list[str], acme_operator: Client, acme: Tenant, make_run: MakeRun
) -> None:
    run = make_run(acme)
    fields = {"agent": run.agent_name, "task": "Read this.", "surface": "free-chat"}
    assert acme_operator.post("/t/acme/runs/new/", fields).status_code == 302
    assert Run.objects.count() == 2
    assert 1 <= len(asked) <= MOST_PER_WORD
    asked.clear()
    assert acme_operator.post(f"/t/acme/runs/{run.pk}/kill/", {"reason": "It hangs."}).status_code < 400
    run.refresh_from_db()
    assert run.kill_requested_at is not None
    assert 1 <= len(asked) <= MOST_PER_WORD
