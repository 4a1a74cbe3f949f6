"""Agents and tools of a file: versions that stay when the library is synced again, until it is asked back."""

import pytest

from agents.config.faults import Refused
from agents.library.catalogue import bundled
from agents.library.sync import sync_library
from agents.models import Agent
from tests.agents.config.conftest import apply_text, exported, left, plan_of, shown

pytestmark = pytest.mark.usefixtures("installation")

AGENT = """
agents:
  search:
    title: Search
    purpose: Finds.
    system_prompt: |
      Find it.
      Cite it.
    llms: [rehearsal:search]
    tools: [search_corpus]
"""


def current(name: str = "search") -> tuple[int, str, str]:
    """The current version of an agent: its number, origin and title."""
    version = Agent.objects.get(name=name).current
    assert version is not None
    return version.number, version.origin, version.to_spec().purpose


def test_an_operators_version_stays_when_the_library_is_synced_again() -> None:
    apply_text(AGENT)
    assert current() == (2, "config", "Finds.")
    sync_library()
    assert current() == (2, "config", "Finds.")
    assert plan_of(AGENT).differences == ()


def test_what_the_library_ships_is_the_way_back_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = exported()
    apply_text(AGENT)
    apply_text(shipped)
    assert current()[:2] == (1, "library")
    (spec,) = (spec for spec in bundled() if spec.name == "search")
    newer = spec.model_copy(update={"purpose": "Newer."})
    monkeypatch.setattr("agents.library.sync.bundled", lambda: (newer,))
    sync_library()
    assert current() == (3, "library", "Newer.")


def test_a_newer_library_is_kept_but_not_made_current_over_an_operators(monkeypatch: pytest.MonkeyPatch) -> None:
    apply_text(AGENT)
    (spec,) = (spec for spec in bundled() if spec.name == "search")
    monkeypatch.setattr("agents.library.sync.bundled", lambda: (spec.model_copy(update={"purpose": "Newer."}),))
    sync_library()
    assert current() == (2, "config", "Finds.")
    assert Agent.objects.get(name="search").versions.get(number=3).origin == "library"


def test_an_older_library_version_that_is_applied_stays_too(monkeypatch: pytest.MonkeyPatch) -> None:
    old = exported()
    (spec,) = (spec for spec in bundled() if spec.name == "search")
    monkeypatch.setattr("agents.library.sync.bundled", lambda: (spec.model_copy(update={"purpose": "Newer."}),))
    sync_library()
    assert current() == (2, "library", "Newer.")
    apply_text(old)
    sync_library()
    assert current()[:2] == (1, "config")


def test_a_changed_tool_gives_each_agent_that_uses_it_a_version() -> None:
    text = """
tools:
  read_article:
    description: Read all of it.
    implementations:
      - {name: read_article, target: "agents.library.search.corpus:read_article", timeout_seconds: 5}
  spare:
    description: Nobody's.
    implementations: [{name: s, target: "agents.library.support.stock:stock_live"}]
"""
    plan = apply_text(text)
    assert list(shown(plan)) == ["tools.read_article", "agents.search"]
    assert shown(plan)["agents.search"] == {
        "tools": ("search_corpus\nread_article", "search_corpus\nread_article (changed)")
    }
    assert left(plan)["tools.spare"] == "no agent uses it, so there is nothing to write"
    version = Agent.objects.get(name="search").current
    assert version is not None
    assert version.to_spec().tools[1].description == "Read all of it."
    assert plan_of(text).differences == ()


def test_a_plan_shows_the_changed_entry_of_a_list_and_no_order_of_keys() -> None:
    text = exported().replace("maximum: 3000\n          minimum: 40", "minimum: 40\n          maximum: 2000")
    assert shown(plan_of(text))["agents.support-triage"].keys() == {"checks"}
    before, after = shown(plan_of(text))["agents.support-triage"]["checks"]
    assert set(str(before).splitlines()) ^ set(str(after).splitlines()) == {
        '{"check": "length", "settings": {"maximum": 3000, "minimum": 40}}',
        '{"check": "length", "settings": {"maximum": 2000, "minimum": 40}}',
    }


def test_an_input_schema_is_applied_exported_and_checked() -> None:
    schema = "    input_schema: {type: object, properties: {order: {type: integer}}, required: [order]}\n"
    apply_text(AGENT + schema)
    version = Agent.objects.get(name="search").current
    assert version is not None
    assert version.to_spec().input_schema["properties"] == {"order": {"type": "integer"}}
    assert plan_of(exported()).differences == ()
    with pytest.raises(Refused) as refused:
        plan_of(AGENT + "    input_schema: {type: string}\n")
    (fault,) = refused.value.faults
    assert "An input is an object with properties" in fault.in_file("F")
