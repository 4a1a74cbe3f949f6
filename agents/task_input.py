"""A task that has a shape: checked against its agent's input schema as a tool's arguments are against the tool's."""

import json

from pydantic import JsonValue

from agents.admission import LaunchRefused
from agents.contracts.base import JsonObject
from agents.contracts.specs import AgentSpec
from agents.tools.boundary import MAX_FIELDS_SHOWN, problems_by
from agents.tools.schema import UncheckableValue, UnusableSchema, check_schema


def check_input_schema(schema: JsonObject) -> None:
    """What an agent's input schema must pass; {} stands for any text. Raises UnusableSchema."""
    if not schema:
        return
    check_schema(schema)
    if schema.get("type") != "object" or not isinstance(schema.get("properties"), dict):
        raise UnusableSchema("An input is an object with properties: each becomes a field of the launch page.")


def check_input(spec: AgentSpec, task: str) -> None:
    """Raises LaunchRefused for a task that is no input of this agent, with each fault at its place."""
    if not spec.input_schema:
        return
    try:
        faults = input_faults(spec, _read(task))
    except UncheckableValue as error:
        raise LaunchRefused("task", f"The input of {spec.name} cannot be checked: {error}.") from error
    except UnusableSchema as error:
        raise LaunchRefused("task", f"The input schema of {spec.name} is broken: {error}.") from error
    if faults:
        named = ", ".join(str(fault["path"]) or "the whole" for fault in faults)
        raise LaunchRefused("task", f"{spec.name} takes another input; wrong are: {named}.", faults=faults)


def input_faults(spec: AgentSpec, value: JsonValue) -> list[JsonObject]:
    """What is wrong with an input: place, problem, and what is accepted there; at most eight."""
    return [told() for told in problems_by(spec.input_schema, value)[:MAX_FIELDS_SHOWN]]


def input_as_task(value: JsonValue) -> str:
    """An input as the text that the LLM is given."""
    return json.dumps(value, ensure_ascii=False, indent=2)


def _read(task: str) -> JsonValue:
    """The value that a task's text stands for; text that is no JSON stands for itself, and no schema takes it."""
    try:
        value: JsonValue = json.loads(task)
    except (ValueError, RecursionError):
        return task
    return value
