"""The web process keeps no connection of a request that is over."""

import os
from contextlib import suppress
from pathlib import Path

import pytest
from django.db import connection

from tests.flows.console_client import signed_in
from tests.harness.live_stack import LiveStack

pytestmark = pytest.mark.flows
PAGES = 12


def test_a_page_leaves_no_connection_behind(live_stack: LiveStack) -> None:
    with signed_in(live_stack) as console:
        for _ in range(PAGES):
            console.read("/t/acme/runs/")
        live_stack.wait_for(lambda: not open_databases(live_stack.pid("web")), what="no connection to be open")


def open_databases(pid: int) -> list[str]:
    """The files of the database that a process has open; each connection has two or three."""
    name = str(connection.settings_dict["NAME"])
    found = []
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed since they were listed
            found.append(os.readlink(descriptor))
    return [target for target in found if target.startswith(name)]
