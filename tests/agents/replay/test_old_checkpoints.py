"""Runs that an older release left behind go on under this one: resumed, forked and replayed from their old steps."""

from collections.abc import Iterator

import pytest

from agents import execution, runtime
from agents.contracts.specs import AgentSpec
from agents.contracts.steps import SCHEMA_VERSION
from agents.forks import fork
from agents.library.sync import keep_version
from agents.llms import registry
from agents.models import Blob, Run, StepRow
from agents.replay.of_run import replay_run
from tests.agents.conftest import LLM, Office
from tests.agents.engine.doubles import says
from tests.agents.golden.runs import golden
from tests.agents.workers import WrittenLLM, worker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_redis", "sender")]
ANSWER = "Tea is a green plant [1]."
BEFORE_AN_ANSWER = (3, 7, 11)


@pytest.fixture(autouse=True)
def _at(office: Office, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:  # noqa: ARG001
    """A worker of this release, whose LLM knows the answer."""
    monkeypatch.setattr(registry, "resolve", lambda _reference: WrittenLLM([says(ANSWER)] * 20))
    with worker("new") as at:
        monkeypatch.setattr(runtime, "current", lambda: at)
        yield


def left_behind(office: Office, steps: int) -> Run:
    """A run of the golden agent with the first steps that a worker of version 1 recorded."""
    old = golden("v1/everyday")
    spec = AgentSpec.model_validate({**old.stored["spec"], "llms": [LLM]})
    run = office.run("queued", epoch=1, task=old.stored["task"], turn=steps, steps_count=steps)
    run.version = keep_version(spec=spec)
    run.save()
    for text in old.stored["blobs"]:
        Blob.keep(text.encode())
    for step in old.stored["steps"][:steps]:
        assert step["schema_version"] == 1
        StepRow.objects.create(run=run, kind=step["output"]["kind"], recorded_at=run.created_at, **step)
    return run


def worked_on(run: Run) -> Run:
    execution.work_on(run.pk)
    run.refresh_from_db()
    assert (run.state, run.answer) == ("completed", ANSWER), run.reason
    return run


@pytest.mark.parametrize("steps", BEFORE_AN_ANSWER)
def test_a_run_of_an_older_release_is_resumed(office: Office, steps: int) -> None:
    run = worked_on(left_behind(office, steps))
    versions = run.steps.order_by("number").values_list("schema_version", flat=True)
    assert list(versions) == [1] * steps + [SCHEMA_VERSION] * 2, "old rows stay as they were written"


@pytest.mark.parametrize("steps", BEFORE_AN_ANSWER)
def test_a_run_of_an_older_release_is_forked(office: Office, steps: int) -> None:
    child = fork(run=left_behind(office, steps), step=steps, actor="acme_operator", reason="Once more.")
    assert replay_run(worked_on(child)).same


def test_a_run_that_two_releases_recorded_is_replayed(office: Office) -> None:
    assert replay_run(worked_on(left_behind(office, 11))).same
