"""Whatever an LLM, a tool or a person says: the run ends as it should, and every row of it can be read back."""

import json
from collections.abc import Iterator, Sequence

import pytest

from agents import event_log
from agents.checkpoints import recorded_steps
from agents.contracts.events import Event
from agents.contracts.messages import AssistantMessage
from agents.contracts.steps import ToolReason
from agents.engine.state import RunInput, RunState
from agents.journal.gate import plain
from agents.lifecycle import Upload, launch
from agents.models import EventRow, Run, StepRow
from agents.telemetry.attributes import MOST_CONTENT_CHARACTERS
from agents.telemetry.pairing import Pairing
from agents.tools.output import DEEPEST
from budgets.ledger import verify
from tests.agents.conftest import Office
from tests.agents.hostile import ARGUMENTS, OUTPUTS, TEXTS
from tests.agents.hostile_runs import of_arguments, of_depth, of_outputs, of_people, of_texts, workshop
from tests.agents.workers import WrittenLLM

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_redis", "sender")]


@pytest.fixture
def llm() -> Iterator[WrittenLLM]:
    """The LLM of the only worker."""
    with workshop() as written:
        yield written


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int, Event]]:
    """All that was committed, as it leaves the process."""
    heard: list[tuple[str, int, Event]] = []
    monkeypatch.setattr(event_log, "_hearers", [heard.extend])
    return heard


def everything_is_readable(
    run: Run, heard: Sequence[tuple[str, int, Event]], capsys: pytest.CaptureFixture[str]
) -> None:
    """Rows, a replay from them, JSON lines and spans."""
    events = [row.to_event() for row in EventRow.objects.filter(run=run).order_by("seq")]
    assert len(events) == run.next_seq - 1
    assert [event.data for event in events if event.kind == "error.raised"] == []
    assert [row.to_step().number for row in StepRow.objects.filter(run=run).order_by("number")] == list(
        range(1, run.steps_count + 1)
    )
    assert replayed(run).steps == run.steps_count
    own = [each for each in heard if each[0] == run.id]
    assert [seq for _, seq, _ in own] == list(range(1, run.next_seq))
    capsys.readouterr()
    event_log.write_lines(own)
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["seq"] for line in lines] == list(range(1, run.next_seq))
    for span in Pairing(content=True).take(own):
        values = [
            *span.attributes.values(),
            *(value for remark in span.remarks for value in remark.attributes.values()),
        ]
        for text in (value for value in values if isinstance(value, str)):
            assert len(text.encode()) <= 4 * MOST_CONTENT_CHARACTERS + 3
    assert verify() is None


def replayed(run: Run) -> RunState:
    """What another worker would go on from."""
    spec = run.version.to_spec()
    given = RunInput(
        run_id=run.id,
        tenant="acme",
        spec=spec,
        llms=spec.llms,
        limits=spec.limits,
        task=run.task,
        at_cap="stop",
        started_at=run.created_at,
    )
    state = RunState(given)
    state.replay(recorded_steps(run))
    return state


def results(run: Run) -> dict[str, tuple[str, ToolReason]]:
    """Status and reason of every call, by its id."""
    steps = [row.to_step().output for row in StepRow.objects.filter(run=run, kind="tool")]
    return {step.result.call_id: (step.result.status, step.reason) for step in steps if step.kind == "tool"}


def test_any_text_of_an_llm_or_a_tool_is_kept_and_harms_nothing(
    office: Office, llm: WrittenLLM, heard: list[tuple[str, int, Event]], capsys: pytest.CaptureFixture[str]
) -> None:
    run = of_texts(llm, office.surface)
    assert (run.state, run.reason) == ("completed", "") or run.state == "degraded", run.reason
    assert run.answer.startswith(plain("\n".join(TEXTS.values())).rstrip())
    said = results(run)
    assert all(said[f"said {number}"][0] == "ok" for number in range(len(TEXTS)))
    assert sum(reason == "unknown_tool" for _, reason in said.values()) == len(TEXTS)
    assert all(status == "ok" for name, (status, _) in said.items() if name.startswith("tell"))
    assert all(status == "degraded" for name, (status, _) in said.items() if name.startswith("fail"))
    assert all(status == "error" for name, (status, _) in said.items() if name.startswith("refuse"))
    everything_is_readable(run, heard, capsys)


def test_any_output_of_a_tool_is_kept_or_that_tool_has_failed(
    office: Office, llm: WrittenLLM, heard: list[tuple[str, int, Event]], capsys: pytest.CaptureFixture[str]
) -> None:
    run = of_outputs(llm, office.surface)
    assert run.state == "degraded", run.reason
    said = results(run)
    no_json = {"not a number", "infinity", "too large an integer", "a set", "bytes"}
    for number, name in enumerate(OUTPUTS):
        here, there = said[f"give_{number}"][0], said[f"give_in_child_{number}"][0]
        assert (here, there) == (("degraded",) * 2 if name in no_json else ("ok",) * 2), name
    everything_is_readable(run, heard, capsys)


def test_arguments_that_json_cannot_carry_go_back_to_the_llm(
    office: Office, llm: WrittenLLM, heard: list[tuple[str, int, Event]], capsys: pytest.CaptureFixture[str]
) -> None:
    run = of_arguments(llm, office.surface)
    assert run.state == "completed", run.reason
    said = results(run)
    rejected = ("error", "invalid_arguments")
    for number, (name, (_, is_object)) in enumerate(ARGUMENTS.items()):
        for tool in ("echo", "send"):
            assert is_object or said[f"{tool} {number}"] == rejected, name
        assert said[f"nosuch {number}"] == ("error", "unknown_tool")
    asked = next(m for m in replayed(run).thread if isinstance(m, AssistantMessage))
    parsed = [call.arguments is not None for call in asked.calls]
    assert parsed == [is_object for _, is_object in ARGUMENTS.values()] * 3
    kept = [name for number, name in enumerate(ARGUMENTS) if said[f"echo {number}"][0] == "ok"]
    assert set(kept) == {"a name twice", "escaped nul", "a pair of escapes", "half a pair", "white space"}
    everything_is_readable(run, heard, capsys)


def test_outputs_near_the_depth_that_a_parser_takes_come_back_from_a_child(
    office: Office, llm: WrittenLLM, heard: list[tuple[str, int, Event]], capsys: pytest.CaptureFixture[str]
) -> None:
    run = of_depth(llm, office.surface, [DEEPEST - 1, DEEPEST + 1, 300, 900, 940, 960, 975, 985, 995, 1_005])
    assert run.state == "completed", run.reason
    assert {status for status, _ in results(run).values()} == {"ok"}
    everything_is_readable(run, heard, capsys)


def test_what_people_say_of_a_run_is_kept(
    office: Office, llm: WrittenLLM, heard: list[tuple[str, int, Event]], capsys: pytest.CaptureFixture[str]
) -> None:
    for run, text in zip(of_people(llm, office.surface), TEXTS.values(), strict=True):
        assert run.state == "killed"
        assert run.kill_reason == plain(text)
        assert run.approvals.get().note == plain(text)
        everything_is_readable(run, heard, capsys)


def test_files_of_any_name_are_attached(office: Office) -> None:
    files = [
        Upload(name=text, media_type="text/plain", content=text.encode("utf-8", "replace")) for text in TEXTS.values()
    ]
    run = launch(
        tenant=office.tenant, surface=office.surface, agent=office.agent, task="Read.", actor="ann", attachments=files
    )
    kept = list(run.attachments.order_by("pk").values_list("name", flat=True))
    assert kept == [plain(text)[:255] for text in TEXTS.values()]
