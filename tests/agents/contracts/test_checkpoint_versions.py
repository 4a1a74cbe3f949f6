"""Checkpoints outlive releases: every version that was ever written is read, and none changes without a number."""

import hashlib
import json
from typing import get_args

import pytest
from pydantic import JsonValue

from agents.contracts.messages import ToolMessage
from agents.contracts.steps import SCHEMA_VERSION, LLMStep, MemoryStep, Step, StepOutput
from agents.contracts.upcast import UPCASTS, read_step
from agents.engine.finishes import given_up
from agents.engine.state import RunState
from tests.agents.golden.runs import FOLDER, NAMES, golden

WORDS = ("title", "description")


def shape(schema: JsonValue) -> JsonValue:
    """A JSON schema without what is there for people only."""
    if isinstance(schema, list):
        return [shape(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    properties = schema.get("properties")
    kept = {name: shape(part) for name, part in schema.items() if name not in (*WORDS, "properties")}
    if isinstance(properties, dict):
        kept["properties"] = {name: shape(part) for name, part in properties.items()}
    return kept


def test_what_is_stored_does_not_change_without_a_new_version() -> None:
    frozen = json.loads((FOLDER / "shapes.json").read_text(encoding="utf-8"))
    written = json.dumps(shape(Step.model_json_schema()), sort_keys=True)
    digest = hashlib.sha256(written.encode()).hexdigest()
    assert frozen[str(SCHEMA_VERSION)] == digest, (
        f"The shape of a stored step has changed. Raise SCHEMA_VERSION to {SCHEMA_VERSION + 1}, give "
        f"agents/contracts/upcast.py a function from {SCHEMA_VERSION}, add the digest to golden/shapes.json and "
        f"record golden runs of the new version."
    )


def test_every_version_before_has_its_step_to_the_next_and_golden_runs() -> None:
    assert sorted(UPCASTS) == list(range(1, SCHEMA_VERSION))
    assert {name.split("/")[0] for name in NAMES} == {f"v{version}" for version in range(1, SCHEMA_VERSION + 1)}


def test_golden_runs_of_the_present_version_have_every_kind_of_step_and_result() -> None:
    steps = [step for name in NAMES if name.startswith(f"v{SCHEMA_VERSION}/") for step in golden(name).steps]
    kinds = {type(step.output) for step in steps}
    assert kinds == set(get_args(get_args(StepOutput)[0]))
    memories = [step.output for step in steps if isinstance(step.output, MemoryStep)]
    assert {memory.by for memory in memories} == {"summary", "truncation"}
    assert any(memory.forgotten for memory in memories)


@pytest.mark.parametrize("name", NAMES)
def test_a_golden_run_folds_to_where_it_had_ended(name: str) -> None:
    run = golden(name)
    state = RunState(run.given)
    state.replay(run.steps)
    assert state.steps == len(run.stored["steps"])
    assert len(state.thread) == len(state.counts)
    said = [message.call_id for message in state.thread if isinstance(message, ToolMessage)]
    assert len(said) == len(set(said))
    if run.stored["state"] in ("completed", "degraded"):
        assert (state.draft, state.pending, given_up(state)) == (run.stored["answer"], [], None)
        assert state.verdict is not None
        assert state.verdict.accepted
    else:
        assert state.best_draft == run.stored["answer"]


def test_an_answer_of_version_1_does_not_say_which_llm_was_called() -> None:
    stored = golden("v1/clumsy").stored["steps"][0]
    assert "llm" not in stored["output"]
    [step] = [step for step in golden("v1/clumsy").steps if step.number == 1]
    assert isinstance(step.output, LLMStep)
    assert (step.output.asked_llm, step.output.llm, step.schema_version) == ("test:dear", "", SCHEMA_VERSION)


def test_what_version_1_wrote_late_is_kept() -> None:
    late = golden("v2/clumsy").stored["steps"][0]["output"]
    step = read_step(number=1, turn=1, schema_version=1, output=late)
    assert isinstance(step.output, LLMStep)
    assert step.output.llm == "test:dear"
