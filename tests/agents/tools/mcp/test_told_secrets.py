"""A server knows the secrets that it was given; whatever it says of them, no row has one."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core import serializers
from django.db import models
from pytest_django import Settings

from agents.models import McpServer, McpTool, Tool
from agents.secrets.redaction import known
from agents.secrets.store import set_secret
from agents.secrets.vault import vault
from agents.tools.mcp.failures import LookFailed
from agents.tools.mcp.look import look
from agents.tools.mcp.verbs import McpRefused, accept, add_server
from budgets.models import Action
from tests.agents.tools.mcp import server

pytestmark = pytest.mark.django_db
CANARY = "canary-Zq7-Kestrel-51"


@pytest.fixture(autouse=True)
def _stored(settings: Settings, tmp_path: Path) -> Iterator[None]:
    """A secret of all tenants, under a key of this test's own."""
    settings.SECRET_KEYS_FILE = tmp_path / "keys"
    vault.forget()
    set_secret(tenant=None, name="SHELF", value=CANARY, actor="op")
    vault.forget()  # as after the commit, which this test's transaction never sees
    yield
    vault.forget()
    known.learn(())


def telling(behaviour: str) -> McpServer:
    """A server that is given the secret."""
    command = [sys.executable, "-I", "-S", server.__file__, behaviour, ""]
    return add_server(name="shelf", command=command, environment={"TOKEN": "{secret:SHELF}"}, actor="op")


def rows() -> str:
    """Everything that was kept."""
    kept: list[models.Model] = [
        *McpServer.objects.all(),
        *McpTool.objects.all(),
        *Tool.objects.all(),
        *Action.objects.all(),
    ]
    return str(serializers.serialize("json", kept))


def test_what_it_lists_is_kept_without_them() -> None:
    look(server=telling("tells"))
    tool = McpTool.objects.select_related("server").get(name=server.NAMES[2])
    accept(tool=tool, digest=tool.digest, actor="op")
    assert McpTool.objects.count() == len(server.NAMES) - 1  # a name that is a secret is no name
    assert "Has [redacted" in McpTool.objects.get(name=server.NAMES[0]).description
    assert CANARY not in rows()


def test_what_it_says_as_it_dies_is_kept_without_them() -> None:
    with pytest.raises(LookFailed):
        look(server=telling("tells_and_dies"))
    assert "cannot sign in with [redacted" in McpServer.objects.get().error
    assert CANARY not in rows()


def test_a_stored_secret_is_not_taken_as_plain_text() -> None:
    with pytest.raises(McpRefused, match=r"write \{secret:NAME\} here"):
        add_server(name="shelf", command=["shelf", "--token", CANARY], actor="op")
    assert json.loads(rows())[0]["model"] == "budgets.action"
    assert CANARY not in rows()
