"""The example of an own agent, as README shows it, works."""

from pathlib import Path

import pytest

from agents.contracts.calls import Call, ToolRefusal
from agents.library.catalogue import bundled
from agents.library.own import VARIABLE, own_agents
from agents.library.sync import sync_library
from agents.models import Agent
from tests.agents.library import own_library
from tests.agents.library.own_library import Shift, on_call


def test_the_own_agent_joins_the_bundled_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, own_library.__name__)
    assert [spec.name for spec in bundled()][-1] == "duty-desk"


@pytest.mark.django_db
def test_the_own_agent_reaches_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, own_library.__name__)
    sync_library()
    version = Agent.objects.get(name="duty-desk").current
    assert version is not None
    assert version.to_spec() == own_agents()[0]


def test_the_own_tool_answers_and_refuses(call: Call) -> None:
    assert on_call(Shift(day="monday"), call) == {
        "source": "shifts/monday",
        "text": "Ada is on call.",
    }
    with pytest.raises(ToolRefusal, match="planned are monday, tuesday"):
        on_call(Shift(day="sunday"), call)


def test_the_example_is_short_enough_for_a_page() -> None:
    lines = Path(own_library.__file__).read_text("utf-8").splitlines()
    assert len([line for line in lines if line]) <= 25
