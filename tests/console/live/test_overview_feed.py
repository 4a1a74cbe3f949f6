"""The sockets of the Overview: by the session of a member, or by the link of a wall for as long as it stands."""

import pytest

from agents.models import Run
from budgets.models import Tenant
from console.access.wall_links import make_wall_link, revoke_wall_link
from console.live import feeds, hub
from console.live.threads import in_thread
from console.models import User, WallLink
from console.screens.overview.money import kept_bands
from tests.console.live.conftest import Page, Play, cookie_of

OVERVIEW = "/live/t/acme/overview/"


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "TOOLS_SECONDS", 0.01)
    kept_bands.clear()


@pytest.fixture
def wall(run: Run) -> str:
    """The address of a wall's socket."""
    path = make_wall_link(tenant=run.tenant, place="office", actor="ada")
    return f"/live{path}"


async def close(*pages: Page) -> None:
    """Close them and wait until nobody looks for them any more: a look under way would keep its connection."""
    for page in pages:
        await page.close()
    for watched in feeds.hub.overviews.values():
        if watched.looking:
            await watched.looking


def nearly_spent(run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(state="running", cap_nanos=100, cost_nanos=90)


def test_a_fresh_trouble_is_heard_by_person_and_wall_alike(viewer: User, run: Run, wall: str, play: Play) -> None:
    cookie = cookie_of(viewer)

    async def scenario() -> None:
        first = Page(OVERVIEW, cookie)
        await first.watch()
        assert (await first.frame())["ops"] == [{"op": "refetch", "epoch": feeds.hub.boot}]
        epoch, seq = feeds.position_of_overview(run.tenant_id)
        pages = [Page(f"{path}?epoch={epoch}&seq={seq}", known) for path, known in ((OVERVIEW, cookie), (wall, b""))]
        for page in pages:
            page.seq = seq
            await page.watch()
        await in_thread(nearly_spent, run)
        for page in pages:
            await page.read(until=seq + 1)
            assert {"op": "text", "id": "o-headline", "value": "1 thing needs you"} in page.ops
            assert {"op": "refetch", "region": "state"} in page.ops
        await close(first, *pages)

    play(scenario)


def test_a_wrong_link_opens_no_socket(run: Run, play: Play) -> None:
    assert run.pk

    async def scenario() -> None:
        page = Page("/live/wall/nonsense/")
        assert await page.open()
        assert await page.closing_code() == 4404

    play(scenario)


def test_a_revoked_wall_goes_dark_at_the_next_check(wall: str, play: Play) -> None:
    async def scenario() -> None:
        page = Page(wall)
        await page.watch()
        await in_thread(lambda: revoke_wall_link(link=WallLink.objects.get(), actor="ada"))
        assert await page.closing_code() == 4404
        await close(page)

    play(scenario)


def test_a_stranger_has_no_overview(stranger: User, play: Play) -> None:
    cookie = cookie_of(stranger)

    async def scenario() -> None:
        page = Page(OVERVIEW, cookie)
        assert await page.open()
        assert await page.closing_code() == 4404

    play(scenario)


def test_nobody_reads_a_tenant_that_nobody_watches(viewer: User, run: Run, play: Play) -> None:
    cookie = cookie_of(viewer)

    async def scenario() -> None:
        page = Page(OVERVIEW, cookie)
        await page.watch()
        await close(page)
        assert not feeds.hub.overviews[run.tenant_id].audience
        other = await in_thread(lambda: Tenant.objects.create(slug="other", name="Other").pk)
        assert other not in feeds.hub.overviews

    play(scenario)
