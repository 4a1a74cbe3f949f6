"""A far end, and leave to call it."""

from collections.abc import Iterator

import pytest

from agents.tools.http.allowed import VARIABLE
from tests.agents.tools.http.far_end import FarEnd, far_end
from tests.agents.tools.http.watch import Watch


@pytest.fixture
def far() -> Iterator[FarEnd]:
    """A server of this test."""
    with far_end() as end:
        yield end


@pytest.fixture
def reachable(far: FarEnd, monkeypatch: pytest.MonkeyPatch) -> FarEnd:
    """The same, as a host that the operator lets tools call."""
    monkeypatch.setenv(VARIABLE, f"127.0.0.1:{far.port}")
    return far


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Who comes to the loopback."""
    watching = Watch()
    yield watching
    watching.close()
