"""An agent with an input schema takes tasks of that shape only, and says what is wrong at its place."""

import json
from typing import Any

import pytest

from agents.admission import LaunchRefused
from agents.agent_edits import faults
from agents.contracts.digest import content_of, spec_digest
from agents.contracts.specs import AgentSpec
from agents.library.sync import apply_version
from agents.lifecycle import launch
from agents.models import Agent, Run
from agents.spec_diff import changes
from agents.task_input import check_input, input_as_task
from tests.agents.conftest import Office, agent_spec

OF_AN_OLDER_RELEASE = "a2a94355dc0b31999d6fb85c232229d83ac35f163bd2e2914a9d729b792e5aed"
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"order": {"type": "integer", "minimum": 1}, "reason": {"enum": ["broken", "late"]}},
    "required": ["order"],
}


def shaped(schema: dict[str, Any] = SCHEMA) -> AgentSpec:
    """The office's agent, with an input schema."""
    return agent_spec().model_copy(update={"input_schema": schema})


def test_without_a_schema_a_spec_is_kept_as_older_releases_kept_it() -> None:
    assert "input_schema" not in content_of(agent_spec())
    assert content_of(shaped())["input_schema"] == SCHEMA
    assert spec_digest(shaped()) != spec_digest(agent_spec())
    assert spec_digest(agent_spec()) == OF_AN_OLDER_RELEASE


@pytest.mark.parametrize("task", ['{"order": 1003}', '{"order": 7, "reason": "late"}'])
def test_an_input_of_that_shape_is_taken(task: str) -> None:
    check_input(shaped(), task)


@pytest.mark.parametrize(
    ("task", "place", "problem"),
    [
        ('{"order": "1003"}', "order", "must be of type integer"),
        ('{"order": 0}', "order", "too small"),
        ("{}", "order", "is missing"),
        ('{"order": 1, "reason": "lost"}', "reason", "none of the accepted"),
        ('{"order": 1, "sku": "x"}', "sku", "is not a known field"),
        ("Where is my order?", "", "must be of type object"),
        ("[1]", "", "must be of type object"),
        ("[" * 100_000, "", "must be of type object"),
    ],
)
def test_whatever_else_is_refused_with_its_place(task: str, place: str, problem: str) -> None:
    with pytest.raises(LaunchRefused) as refused:
        check_input(shaped(), task)
    assert refused.value.field == "task"
    (fault,) = refused.value.faults[:1]
    told = json.dumps(fault)
    assert fault["path"] == place
    assert problem in told or "accepted" in told


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "string"}, "An input is an object"),
        ({"type": "object"}, "An input is an object"),
        ({"type": "object", "properties": {"a": {"type": "text"}}}, "(at properties.a.type)"),
        ({"type": "object", "properties": {"a": {"$ref": "https://example.com/x"}}}, "leads nowhere"),
    ],
)
def test_a_schema_that_no_form_could_be_made_of_is_no_version(schema: dict[str, Any], said: str) -> None:
    (fault,) = faults(shaped(schema))
    assert fault.part == "input_schema"
    assert said in fault.text


def test_two_versions_show_how_their_input_differs() -> None:
    (change,) = changes(agent_spec(), shaped())
    assert change.part == "Input"
    assert any(line.sign == "-" and line.text == "any text" for line in change.lines)


@pytest.mark.usefixtures("no_redis", "sender")
def test_a_launch_is_refused_or_given_the_input_as_its_task(office: Office) -> None:
    apply_version(spec=shaped(), actor="admin")
    agent = Agent.objects.get(pk=office.agent.pk)
    given: dict[str, Any] = {"tenant": office.tenant, "surface": office.surface, "agent": agent, "actor": "ann"}
    with pytest.raises(LaunchRefused, match="takes another input; wrong are: the whole"):
        launch(task="Hello", **given)
    assert not Run.objects.exists()
    assert json.loads(launch(task=input_as_task({"order": 1003}), **given).task) == {"order": 1003}
