"""A run's feed over sockets: from the cursor on, without a gap, nothing twice."""

import asyncio
import json
from typing import Any
from unittest.mock import Mock

import pytest
from django.db import OperationalError
from django.utils import timezone

from agents.contracts.events import EventKind
from agents.models import EventRow, Run
from console.live import feeds, run_feed
from console.live.flow import FRAMES_IN_FLIGHT
from console.live.models import LiveEpoch
from console.live.run_feed import RunFeed
from console.live.threads import in_thread
from console.live.window import head_of, newest_window
from console.models import User
from tests.console.live.conftest import Page, Play, cookie_of, tell


def page_of(run: Run, cookie: bytes, *, seq: int, epoch: str | None = None) -> Page:
    epoch = LiveEpoch.current() if epoch is None else epoch
    page = Page(f"/live/t/acme/runs/{run.pk}/?seq={seq}&epoch={epoch}", cookie)
    page.seq = seq
    return page


async def told(run: Run, kind: EventKind, span: str, **data: Any) -> int:
    seq = await in_thread(tell, run, kind, span, **data)
    feeds.hub.hear(run.pk, run.tenant_id, seq)
    return seq


def test_what_happened_before_the_socket_opened_is_replayed(viewer: User, run: Run, play: Play) -> None:
    tell(run, "tool.started", "a" * 16, tool="one")
    page = page_of(run, cookie_of(viewer), seq=1)
    tell(run, "tool.ended", "a" * 16, duration_ms=5, status="ok")
    tell(run, "tool.started", "b" * 16, tool="two")

    async def scenario() -> None:
        await page.watch()
        await page.read(until=3)
        assert list(page.rows) == ["s-" + "b" * 16]
        assert {"op": "text", "id": "s-" + "a" * 16 + "-dur", "value": "5 ms"} in page.ops
        await page.close()

    play(scenario)


def test_steps_arrive_as_they_are_committed(viewer: User, run: Run, play: Play) -> None:
    page = page_of(run, cookie_of(viewer), seq=0)

    async def scenario() -> None:
        await page.watch()
        for number in range(1, 6):
            await told(run, "tool.started", f"{number:016x}", tool=f"<b>tool {number}</b>")
            await page.read(until=number)
        assert len(page.rows) == 5
        assert "&lt;b&gt;tool 1" in page.rows["s-" + "1".rjust(16, "0")]
        assert {"op": "text", "id": f"r-{run.pk}-steps", "value": "5"} in page.ops
        assert [op["id"] for op in page.ops if op.get("name") == "data-first-at"] == ["trace-rows"]
        await page.close()

    play(scenario)


def test_a_read_that_fails_leaves_what_it_had_found_to_the_next(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    feed, head = RunFeed(run.pk), tell(run, "tool.started", "a" * 16, tool="one")
    feed.advance()
    last = tell(run, "tool.started", "b" * 16, tool="two")
    with monkeypatch.context() as away:
        away.setattr(run_feed, "read_runs", Mock(side_effect=OperationalError("database is locked")))
        with pytest.raises(OperationalError):
            feed.advance()
    assert feed.seq == head
    frame = json.loads(feed.advance() or "")
    assert (frame["prev"], frame["seq"]) == (head, last)
    assert [op["key"] for op in frame["ops"] if op["op"] == "append"] == ["s-" + "b" * 16]


def test_a_reconnecting_page_gets_exactly_what_it_missed(viewer: User, run: Run, play: Play) -> None:
    cookie = cookie_of(viewer)
    page, back = page_of(run, cookie, seq=0), page_of(run, cookie, seq=0)

    async def scenario() -> None:
        await page.watch()
        await told(run, "tool.started", "a" * 16, tool="one")
        await page.read(until=1)
        await page.close()
        for number in range(2, 40):
            await told(run, "tool.started", f"{number:016x}", tool="more")
        back.seq, back.rows = page.seq, dict(page.rows)
        back.socket.scope["query_string"] = back.socket.scope["query_string"].replace(b"seq=0", b"seq=1")
        await back.watch()
        await back.read(until=39)
        assert len(back.rows) == 39
        await back.close()

    play(scenario)


def test_a_burst_is_one_frame_and_the_same_for_all(viewer: User, run: Run, play: Play) -> None:
    cookie = cookie_of(viewer)
    pages = [page_of(run, cookie, seq=0) for _ in range(5)]

    async def scenario() -> None:
        for page in pages:
            await page.watch()
        for number in range(1, 31):
            seq = await in_thread(tell, run, "tool.started", f"{number:016x}", tool="x")
        for number in range(1, seq + 1):
            feeds.hub.hear(run.pk, run.tenant_id, number)
        frames = [await page.frame() for page in pages]
        assert all(frame == frames[0] for frame in frames)
        assert (frames[0]["prev"], frames[0]["seq"]) == (0, 30)
        for page in pages:
            await page.close()

    play(scenario)


def test_another_epoch_or_a_cursor_ahead_of_the_rows_reads_its_regions_again(
    viewer: User, run: Run, play: Play
) -> None:
    tell(run, "tool.started", "a" * 16, tool="one")
    epoch, cookie = LiveEpoch.current(), cookie_of(viewer)
    pages = [page_of(run, cookie, seq=1, epoch="other"), page_of(run, cookie, seq=9)]

    async def scenario() -> None:
        for page in pages:
            await page.watch()
            frame = await page.frame()
            assert frame == {"seq": 1, "prev": 1, "ops": [{"op": "refetch", "epoch": epoch}]}
            await page.close()

    play(scenario)


def test_who_does_not_acknowledge_is_sent_a_window_and_then_everything_at_once(
    viewer: User, run: Run, play: Play
) -> None:
    page = page_of(run, cookie_of(viewer), seq=0)

    async def scenario() -> None:
        await page.watch()
        for number in range(1, FRAMES_IN_FLIGHT + 11):
            await in_thread(tell, run, "tool.started", f"{number:016x}", tool="x")
            async with feeds.hub._lock:
                await feeds.hub._flush({run.pk: run.tenant_id})
        for _ in range(FRAMES_IN_FLIGHT):
            page.seq = (await page.frame())["seq"]
        assert page.seq == FRAMES_IN_FLIGHT
        assert feeds.hub.runs[run.pk].feed.seq == FRAMES_IN_FLIGHT, "rows were read that nobody takes"
        await page.acknowledge()
        frame = await page.frame()
        assert (frame["prev"], frame["seq"]) == (FRAMES_IN_FLIGHT, FRAMES_IN_FLIGHT + 10)
        await page.close()

    play(scenario)


def test_a_lost_hint_is_made_good_by_looking_at_the_rows(viewer: User, run: Run, play: Play) -> None:
    page = page_of(run, cookie_of(viewer), seq=0)

    async def scenario() -> None:
        await page.watch()
        await in_thread(tell, run, "tool.started", "a" * 16, tool="one")
        await feeds.hub.look()
        await page.read(until=1)
        await page.close()

    play(scenario)


def test_a_run_nobody_watches_is_forgotten(viewer: User, run: Run, play: Play) -> None:
    page = page_of(run, cookie_of(viewer), seq=0)

    async def scenario() -> None:
        await page.watch()
        await told(run, "tool.started", "a" * 16, tool="one")
        await page.read(until=1)
        await page.close()
        async with asyncio.timeout(60):
            while feeds.hub.runs:
                await asyncio.sleep(0)

    play(scenario)


def test_a_change_of_state_asks_for_the_panels_that_depend_on_it(viewer: User, run: Run, play: Play) -> None:
    page = page_of(run, cookie_of(viewer), seq=0)
    reread = {"op": "refetch", "region": "state"}

    async def scenario() -> None:
        await page.watch()
        await told(run, "tool.started", "a" * 16, tool="one")
        await page.read(until=1)
        assert reread not in page.ops
        await told(run, "run.paused", "", state="paused", reason="by ada")
        await page.read(until=2)
        assert reread in page.ops
        await page.close()

    play(scenario)


def test_a_cause_asks_for_the_panel_of_causes(viewer: User, run: Run, play: Play) -> None:
    page = page_of(run, cookie_of(viewer), seq=0)
    reread = {"op": "refetch", "region": "state"}

    async def scenario() -> None:
        await page.watch()
        await told(run, "attempt.ended", "a" * 16, status="ok")
        await page.read(until=1)
        assert reread not in page.ops
        await told(run, "attempt.ended", "a" * 16, status="failed", error="HTTP 503")
        await page.read(until=2)
        assert reread in page.ops
        await page.close()

    play(scenario)


def test_the_llm_that_served_is_told_as_soon_as_it_has(viewer: User, run: Run, play: Play) -> None:
    page = page_of(run, cookie_of(viewer), seq=0)

    async def scenario() -> None:
        await page.watch()
        await told(run, "model.started", "a" * 16, llm="rehearsal:search")
        await page.read(until=1)
        assert {"op": "text", "id": f"r-{run.pk}-served", "value": "none"} in page.ops
        await told(run, "model.ended", "a" * 16, llm="rehearsal:search", status="ok")
        await page.read(until=2)
        assert {"op": "text", "id": f"r-{run.pk}-served", "value": "rehearsal:search"} in page.ops
        await page.close()

    play(scenario)


def test_who_missed_more_than_a_message_holds_is_told_to_read_again(viewer: User, run: Run, play: Play) -> None:
    page = page_of(run, cookie_of(viewer), seq=0)
    common = {"run": run, "kind": "tool.started", "at": timezone.now(), "data": {"tool": "x"}}
    rows = [EventRow(seq=seq, span_id=f"{seq:016x}", **common) for seq in range(1, 400)]

    async def scenario() -> None:
        await page.watch()
        await in_thread(EventRow.objects.bulk_create, rows)
        feeds.hub.hear(run.pk, run.tenant_id, len(rows))
        frame = await page.frame()
        assert (frame["seq"], [op["op"] for op in frame["ops"]]) == (399, ["refetch"])
        await page.close()

    play(scenario)


def test_the_page_reads_the_same_rows_with_its_cursor(run: Run) -> None:
    tell(run, "tool.started", "a" * 16, tool="one")
    read = newest_window(head_of(run.pk))
    assert (read.seq, [span.title for span in read.spans]) == (1, ["one"])
    assert read.epoch == LiveEpoch.current()
    assert read.first_at is not None


def test_a_run_that_ends_after_its_row_was_read_and_before_its_trace_does_not_stand_there_as_running(
    viewer: User, run: Run, play: Play
) -> None:
    tell(run, "tool.started", "a" * 16, tool="one")
    head = head_of(run.pk)
    ended = tell(run, "run.ended", "b" * 16, state="failed")
    Run.objects.filter(pk=run.pk).update(state="failed")
    read = newest_window(head)
    assert (read.seq, read.upto) == (head.seq, ended)
    page = page_of(run, cookie_of(viewer), seq=read.seq)

    async def scenario() -> None:
        await page.watch()
        await page.read(until=ended)
        assert {"op": "text", "id": f"r-{run.pk}-status-word", "value": "failed"} in page.ops
        await page.close()

    play(scenario)
