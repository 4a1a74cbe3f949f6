"""The runs list's feed: a ring with its own numbers."""

from datetime import timedelta

from django.utils import timezone

from agents.models import Run
from console.live import feeds
from console.live.tenant_feed import FRAMES_KEPT, TenantFeed
from console.live.threads import in_thread
from console.models import User
from tests.console.live.conftest import Page, Play, cookie_of, tell

LIST = "/live/t/acme/runs/"


def a_run(run: Run, *, steps: int) -> Run:
    run.steps_count = steps
    return run


def test_only_what_is_new_is_sent(run: Run) -> None:
    feed = TenantFeed(timezone.now())
    feed.record(a_run(run, steps=1))
    frame = feed.record(a_run(run, steps=2))
    assert frame is not None
    assert frame.count('"op"') == 1
    assert f'"id":"r-{run.pk}-steps","value":"2"' in frame
    assert feed.record(a_run(run, steps=2)) is None
    assert feed.seq == 2


def test_a_change_of_state_has_the_sums_read_again(run: Run) -> None:
    feed = TenantFeed(timezone.now())
    feed.record(run)
    run.state = "completed"
    assert '"region":"figures"' in (feed.record(run) or "")
    assert '"region":"figures"' not in (feed.record(a_run(run, steps=9)) or "")


def test_a_run_younger_than_the_feed_is_offered_once(run: Run) -> None:
    feed = TenantFeed(run.created_at - timedelta(seconds=1))
    assert '"op":"pill"' in (feed.record(a_run(run, steps=1)) or "")
    assert '"op":"pill"' not in (feed.record(a_run(run, steps=2)) or "")
    assert '"op":"pill"' not in (TenantFeed(timezone.now()).record(run) or "")


def test_the_ring_forgets_its_oldest_frames(run: Run) -> None:
    feed = TenantFeed(timezone.now())
    for steps in range(FRAMES_KEPT + 5):
        feed.record(a_run(run, steps=steps))
    assert not feed.knows(4)
    assert feed.knows(5)
    assert feed.knows(feed.seq)
    assert not feed.knows(feed.seq + 1)


def test_a_replay_is_all_missed_ops_in_order(run: Run) -> None:
    feed = TenantFeed(timezone.now())
    for steps in range(5):
        feed.record(a_run(run, steps=steps))
    replay = feed.replay(3)
    assert '"seq":5,"prev":3' in replay
    assert replay.index('"value":"3"') < replay.index('"value":"4"')


def test_what_nobody_wanted_makes_older_pages_read_again(run: Run) -> None:
    feed = TenantFeed(timezone.now())
    feed.record(a_run(run, steps=1))
    feed.skip()
    assert not feed.knows(1)
    assert feed.knows(2)


def test_before_the_hub_listens_there_is_no_cursor(run: Run) -> None:
    assert feeds.position(run.tenant_id) == ("", 0)


def test_a_change_between_the_page_and_its_socket_is_not_lost(viewer: User, run: Run, play: Play) -> None:
    cookie = cookie_of(viewer)

    async def scenario() -> None:
        feeds.hub.bell.mode = "redis"
        epoch, seq = feeds.position(run.tenant_id)
        head = await in_thread(tell, run, "tool.started", "a" * 16, tool="one")
        async with feeds.hub._lock:
            await feeds.hub._flush({run.pk: run.tenant_id})
        page = Page(f"{LIST}?seq={seq}&epoch={epoch}", cookie)
        await page.watch()
        await page.read(until=1)
        assert {"op": "text", "id": f"r-{run.pk}-steps", "value": str(head)} in page.ops
        await page.close()

    play(scenario)


def test_a_cursor_of_another_process_reads_its_regions_again(viewer: User, play: Play) -> None:
    page = Page(f"{LIST}?seq=3&epoch=elsewhere", cookie_of(viewer))

    async def scenario() -> None:
        await page.watch()
        frame = await page.frame()
        assert frame["ops"] == [{"op": "refetch", "epoch": feeds.hub.boot}]
        await page.close()

    play(scenario)


def test_another_tenants_runs_are_never_heard_of(stranger: User, run: Run, play: Play) -> None:
    page = Page("/live/t/globex/runs/", cookie_of(stranger))

    async def scenario() -> None:
        await page.watch()
        await page.frame()
        await in_thread(tell, run, "tool.started", "a" * 16, tool="one")
        async with feeds.hub._lock:
            await feeds.hub._flush({run.pk: run.tenant_id})
        assert await page.socket.receive_nothing(timeout=0.02) or "beat" in await page.socket.receive_from()
        await page.close()

    play(scenario)


def test_a_list_that_nobody_wants_any_more_is_read_again_by_who_comes_back(run: Run, play: Play) -> None:
    async def scenario() -> None:
        feeds.hub.bell.mode = "redis"
        _, seq = feeds.position(run.tenant_id)
        feeds.hub.tenants[run.tenant_id].wanted_until = 0.0
        await feeds.hub.look()
        assert not feeds.hub.tenants[run.tenant_id].feed.knows(seq)
        _, later = feeds.position(run.tenant_id)
        await feeds.hub.look()
        assert feeds.hub.tenants[run.tenant_id].feed.knows(later)

    play(scenario)


def test_a_socket_that_closes_may_come_back_to_its_place(viewer: User, run: Run, play: Play) -> None:
    page = Page(LIST, cookie_of(viewer))

    async def scenario() -> None:
        await page.watch()
        await page.close()
        assert feeds.hub.tenants[run.tenant_id].wanted()

    play(scenario)
