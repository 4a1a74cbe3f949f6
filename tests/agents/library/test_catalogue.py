"""Which agents there are, and how they reach the database."""

from datetime import date

import pytest

from agents.contracts.digest import spec_digest
from agents.contracts.specs import AgentSpec
from agents.engine.critic.registry import Draft, judge
from agents.library import catalogue
from agents.library.catalogue import bundled
from agents.library.models import Order
from agents.library.own import VARIABLE, LibraryError, own_agents, own_policies
from agents.library.search.agent import search_agent
from agents.library.sync import keep_version, sync_library
from agents.models import Agent, AgentVersion
from agents.tools.boundary import arguments_class, resolve

DAY = date(2026, 3, 1)


def test_the_bundled_agents_are_four_of_four_kinds() -> None:
    assert [spec.name for spec in bundled()] == [
        "support-triage",
        "document-analysis",
        "content-generation",
        "search",
    ]


@pytest.mark.parametrize("spec", bundled(), ids=lambda spec: spec.name)
def test_every_tool_can_be_loaded_and_every_check_is_known(spec: AgentSpec) -> None:
    judge(spec.checks, Draft("some text", frozenset()))
    for tool in spec.tools:
        for link in tool.implementations:
            assert callable(resolve(link.target))
            assert arguments_class(link.target).model_json_schema() == tool.parameters


def test_pages_are_fetched_only_where_it_is_switched_on() -> None:
    assert "fetch_page" not in [tool.name for tool in search_agent(web_fetch=False).tools]
    assert "fetch_page" in [tool.name for tool in search_agent(web_fetch=True).tools]


@pytest.mark.django_db
def test_syncing_twice_is_syncing_once() -> None:
    sync_library(today=DAY)
    before = list(AgentVersion.objects.values_list("agent__name", "number", "digest"))
    sync_library(today=DAY)
    assert list(AgentVersion.objects.values_list("agent__name", "number", "digest")) == before
    assert (Agent.objects.count(), Order.objects.count()) == (4, 40)


@pytest.mark.django_db
def test_a_changed_spec_becomes_the_next_version_and_an_old_one_can_come_back() -> None:
    spec = bundled()[0]
    changed = spec.model_copy(update={"title": "Another title"})
    versions = [keep_version(spec=each) for each in (spec, changed, spec)]
    agent = Agent.objects.get(name=spec.name)
    assert [version.number for version in versions] == [1, 2, 1]
    assert agent.current == versions[0]
    assert versions[1].to_spec() == changed


def test_the_digest_is_that_of_the_content() -> None:
    spec = bundled()[0]
    assert spec_digest(spec) == spec_digest(AgentSpec.model_validate_json(spec.model_dump_json()))
    assert spec_digest(spec) != spec_digest(spec.model_copy(update={"purpose": "Another"}))
    assert len(spec_digest(spec)) == 64


@pytest.mark.parametrize(
    ("module", "sentence"),
    [
        ("no_such_module", "WATCHFLOOR_LIBRARY=no_such_module cannot be imported: ModuleNotFoundError"),
        ("json", "the module json has no AGENTS"),
    ],
)
def test_an_unusable_module_is_named(module: str, sentence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, module)
    with pytest.raises(LibraryError, match=sentence):
        own_agents()


def test_no_module_means_no_own_agents(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert (own_agents(), own_policies()) == ((), {})


def test_two_agents_of_one_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    again = bundled()[3]
    monkeypatch.setattr(catalogue, "own_agents", lambda: (again,))
    with pytest.raises(LibraryError, match="more than one agent is called search"):
        bundled()
