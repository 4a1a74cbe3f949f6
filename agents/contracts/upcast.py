"""Reads a stored step of any version: small pure functions on plain JSON, each from one version to the next."""

from collections.abc import Callable, Mapping

from pydantic import JsonValue, ValidationError

from agents.contracts.base import JsonObject
from agents.contracts.steps import SCHEMA_VERSION, Step

Upcast = Callable[[JsonObject], JsonObject]


class CheckpointError(Exception):
    """A recorded step cannot be gone on from; the text says which one and why."""


class NewerCheckpoint(CheckpointError):
    """A newer release recorded the step: a worker of that release, or a later one, can read it."""


class UnreadableCheckpoint(CheckpointError):
    """The row is missing, cut off or damaged."""


class MissingBlob(CheckpointError):
    """The step points to a large output whose bytes are gone or cut off."""


def from_1(output: JsonObject) -> JsonObject:
    """Version 2 says which LLM of the chain was called, and how many messages were left out behind the task.

    Of an older answer only the LLM that was asked first is known, so that its ``llm`` stays empty: the next prompt
    is then counted by our own estimate.
    """
    added: dict[str, JsonObject] = {"llm": {"llm": ""}, "memory": {"forgotten": 0}}
    return {**added.get(str(output.get("kind")), {}), **output}


def from_2(output: JsonObject) -> JsonObject:
    """Version 3 says with which arguments a call was made that a person had edited, and how a draft was graded."""
    if output.get("kind") == "tool":
        return {"arguments": None, **output}
    verdict = output.get("verdict")
    if output.get("kind") == "verdict" and isinstance(verdict, dict):
        return {**output, "verdict": {"grade": None, **verdict}}
    return output


UPCASTS: Mapping[int, Upcast] = {1: from_1, 2: from_2}
"""From each older version to the one after it."""


def read_step(*, number: int, turn: int, schema_version: int, output: JsonValue) -> Step:
    """A stored step as this release knows it. Raises NewerCheckpoint or UnreadableCheckpoint."""
    if schema_version > SCHEMA_VERSION:
        raise NewerCheckpoint(
            f"Step {number} was recorded by a newer release (checkpoint version {schema_version}); "
            f"this one reads versions up to {SCHEMA_VERSION}."
        )
    if not isinstance(output, dict):
        raise UnreadableCheckpoint(f"Step {number} cannot be read: its record is cut off or is no JSON object.")
    try:
        for version in range(schema_version, SCHEMA_VERSION):
            output = UPCASTS[version](output)
        return Step.model_validate({"number": number, "turn": turn, "output": output})
    except KeyError as error:
        raise UnreadableCheckpoint(f"Step {number} has the unknown checkpoint version {schema_version}.") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UnreadableCheckpoint(f"Step {number} cannot be read: {place}: {first['msg']}.") from error
