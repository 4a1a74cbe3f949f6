"""The stack that flow tests run on: its own rows, its own Redis, and it survives the loss of each process."""

import json
import time
import urllib.request

import pytest
from playwright.sync_api import Page

from console.models import User
from console.supervisor.readiness import probing_app, worker_answers
from tests.harness.live_stack import LiveStack

RECOVERY_SECONDS = 15.0


def health(stack: LiveStack) -> dict[str, str]:
    with urllib.request.urlopen(f"{stack.base_url}/healthz/", timeout=60) as answer:
        found: dict[str, str] = json.loads(answer.read())
        return found


def test_the_rows_of_the_stack_are_seen_from_the_test(live_stack: LiveStack) -> None:
    assert User.objects.filter(username="acme_operator").exists()
    assert health(live_stack) == {"database": "ok", "redis": "ok"}


@pytest.mark.either_database
def test_the_worker_takes_commands_again_within_15_s_of_a_redis_restart(live_stack: LiveStack) -> None:
    probe = probing_app(url=live_stack.redis_url)
    node = f"worker-{live_stack.port}@127.0.0.1"
    live_stack.restart("redis")
    began = time.monotonic()
    live_stack.wait_for(
        lambda: worker_answers(probe, node=node), what="the worker to come back", seconds=RECOVERY_SECONDS
    )
    assert time.monotonic() - began < RECOVERY_SECONDS


@pytest.mark.either_database
def test_pages_are_served_while_redis_is_away(live_stack: LiveStack) -> None:
    live_stack.kill("redis")
    try:
        assert health(live_stack) == {"database": "ok", "redis": "down"}
    finally:
        live_stack.start("redis")


@pytest.mark.either_database
def test_a_killed_web_server_comes_back_at_the_same_address(live_stack: LiveStack) -> None:
    before = live_stack.pid("web")
    live_stack.restart("web")
    assert live_stack.pid("web") != before
    assert health(live_stack)["database"] == "ok"


@pytest.mark.either_database
@pytest.mark.parametrize("path", ["/sign-in/"])
def test_a_browser_may_open_a_socket_under_the_policy(live_stack: LiveStack, page: Page, path: str) -> None:
    """`connect-src 'self'` has to cover a socket to the same host, or the live feed would be dead."""
    violations: list[str] = []
    page.on("console", lambda message: violations.append(message.text))
    page.goto(live_stack.base_url + path)
    opened = page.evaluate(
        """path => new Promise(done => {
            const socket = new WebSocket(location.origin.replace('http', 'ws') + path);
            socket.onopen = () => done('open');
            socket.onclose = event => done('closed ' + event.code);
        })""",
        "/live/t/acme/runs/",
    )
    assert opened
    assert not [text for text in violations if "Content Security Policy" in text]
