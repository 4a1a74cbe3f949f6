"""Following a run by its rows."""

from dataclasses import dataclass

from agents.models import Run
from budgets.models import Tenant
from console.terminal.follow import Bell, follow
from console.terminal.lines import json_line, plain, text_line
from tests.console.conftest import AddEvents, MakeRun


@dataclass
class Worker(Bell):
    """A bell that, instead of waiting, does a worker's next piece of work."""

    add: AddEvents | None = None

    def wait(self) -> None:
        run = Run.objects.get(pk=self.run_id)
        assert self.add is not None
        if run.next_seq < 4:
            self.add(run, ("note.added", {"text": f"step {run.next_seq}"}))
            return
        self.add(run, ("run.ended", {"state": "completed"}))
        Run.objects.filter(pk=run.pk).update(state="completed")


def test_every_event_comes_once_and_in_order(acme: Tenant, make_run: MakeRun, add_events: AddEvents) -> None:
    run = make_run(acme)
    add_events(run, ("run.launched", {}))
    assert [event.seq for event in follow(run.pk, Worker(run.pk, add=add_events))] == [1, 2, 3, 4]


def test_a_run_that_ended_before_is_printed_whole(acme: Tenant, make_run: MakeRun, add_events: AddEvents) -> None:
    run = make_run(acme, state="completed")
    add_events(run, ("run.launched", {}), ("run.ended", {"state": "completed"}))
    assert [event.kind for event in follow(run.pk, Bell(run.pk))] == ["run.launched", "run.ended"]


def test_hostile_text_stays_on_its_line(acme: Tenant, make_run: MakeRun, add_events: AddEvents) -> None:
    run = make_run(acme)
    evil = "red \x1b[31m\r\nnext \u202e line"
    add_events(run, ("note.added", {"text": evil}))
    line = text_line(run.events.get())
    assert line is not None
    assert line.isprintable()
    assert json_line(run.events.get()).isascii()


def test_long_text_is_cut() -> None:
    assert plain("x" * 500, 10) == "x" * 9 + "…"
