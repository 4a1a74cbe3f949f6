"""Events as JSON lines."""

import json

import pytest

from agents.contracts.events import Event
from agents.engine.batch import Batch
from agents.event_log import write_lines
from agents.recorder import Entry, Recorder
from tests.agents.batches import event, unheard
from tests.agents.conftest import Office


def test_an_event_is_one_line_with_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    said = event("note.added")
    told = said.model_copy(update={"data": {"text": "two\nlines \x00"}})
    write_lines([("r1", 1, said), ("r1", 2, told)])
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["run"], first["seq"], first["kind"]) == ("r1", 1, "note.added")
    assert second["data"]["text"].startswith("two\nlines")


@pytest.mark.usefixtures("no_redis")
@pytest.mark.django_db(transaction=True)
def test_what_was_committed_is_told_in_its_order(office: Office) -> None:
    heard: list[tuple[str, int, Event]] = []
    run = office.run()
    writer = Recorder(unheard, heard.extend)
    writer.submit(Entry(office.claim(run), batch=Batch(facts=[event("note.added")], intents=[event("tool.started")])))
    writer.stop()
    assert [(run_id, seq, each.kind) for run_id, seq, each in heard] == [
        (run.id, 1, "note.added"),
        (run.id, 2, "tool.started"),
    ]
