"""Ops and frames."""

import json
from datetime import timedelta

from agents.models import Run
from console.live import ops
from console.live.trace import fold
from tests.console.live.script import searching_run


def test_a_frame_is_json_with_the_cursor_and_the_ops_in_order() -> None:
    told = [ops.text("a", "1 < 2 – ✓"), ops.attr("b", "hidden", None), ops.pill("r1")]
    assert json.loads(ops.frame(seq=7, prev=5, encoded_ops=ops.encode(told))) == {
        "seq": 7,
        "prev": 5,
        "ops": told,
    }


def test_an_appended_row_is_the_row_of_the_page_with_hostile_text_escaped() -> None:
    script = searching_run().tell("tool.started", "c9", tool='<img src=x onerror="alert(1)">')
    op = ops.appended(fold(script.events)[-1])
    assert (op["op"], op["id"], op["key"]) == ("append", "trace-rows", "s-c9")
    assert "<img" not in str(op["html"])
    assert str(op["html"]).startswith("<tr")


def test_the_row_has_an_element_for_every_cell_that_may_change() -> None:
    for span in fold(searching_run().events):
        html = str(ops.appended(span)["html"])
        for op in ops.span_cells(span):
            assert f'id="{op["id"]}"' in html


def test_only_ops_that_say_something_new_are_left() -> None:
    before = [ops.text("a", "1"), ops.text("b", "1")]
    assert ops.changed(before, [ops.text("a", "1"), ops.text("b", "2")]) == [ops.text("b", "2")]


def test_a_run_that_ended_shows_its_reason_and_how_long_it_took(run: Run) -> None:
    run.state, run.reason = "failed", "no LLM answered"
    run.ended_at = run.created_at + timedelta(seconds=94)
    cells = ops.run_cells(run)
    assert ops.text(f"r-{run.pk}-doing", "no LLM answered") in cells
    assert ops.text(f"r-{run.pk}-age", "1m 34s") in cells
    assert ops.attr(f"r-{run.pk}-live", "hidden", "") in cells


def test_a_live_run_shows_what_it_does(run: Run) -> None:
    run.doing = "asking"
    assert ops.text(f"r-{run.pk}-doing", "asking") in ops.run_cells(run)
    assert ops.attr(f"r-{run.pk}-live", "hidden", None) in ops.run_cells(run)


def test_a_waiting_run_says_why_it_waits(run: Run) -> None:
    run.state, run.reason = "waiting_approval", "refund needs approval"
    assert ops.text(f"r-{run.pk}-doing", "refund needs approval") in ops.run_cells(run)


def test_the_pace_is_told_while_the_run_lives(run: Run) -> None:
    run.cost_nanos = 10**8
    run.started_at = run.created_at - timedelta(minutes=1)
    assert "/min" in str(ops.pace_cells(run)[0]["value"])
    run.state = "completed"
    texts = {op["id"]: op["value"] for op in ops.pace_cells(run) if op["op"] == "text"}
    row = f"r-{run.pk}"
    assert texts == {f"{row}-pace": "", f"{row}-rate": "–", f"{row}-left": "–"}
