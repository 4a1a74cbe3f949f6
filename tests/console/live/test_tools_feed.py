"""The feed of breakers: what has changed is heard without a reload, and nothing of it belongs to a tenant."""

import pytest
from django.utils import timezone

from agents.contracts.specs import AgentSpec, Implementation, ToolSpec
from agents.library.sync import keep_version
from agents.models import HealthChange, ToolHealth
from console.live import feeds, hub
from console.live.threads import in_thread
from console.live.tools_feed import ToolsFeed
from console.models import User
from tests.console.live.conftest import Page, Play, cookie_of

TOOLS = "/live/t/acme/tools/"
CHAIN = tuple(Implementation(name=name, target=f"shop.stock:{name}") for name in ("live", "copy"))
STOCK = ToolSpec(name="stock", description="How many.", parameters={}, implementations=CHAIN)


@pytest.fixture
def stock(transactional_db: None) -> ToolHealth:  # noqa: ARG001
    """The breaker of the first implementation of a tool that an agent has."""
    spec = AgentSpec(
        name="shop", title="Shop", purpose="", system_prompt="", llms=("rehearsal:search",), tools=(STOCK,)
    )
    keep_version(spec=spec)
    return ToolHealth.objects.create(link="stock/live", window_started_at=timezone.now())


def opened(row: ToolHealth, error: str = "") -> None:
    """The breaker opens, as a worker writes it."""
    row.state, row.opened_at, row.last_error = "open", timezone.now(), error
    row.save()
    HealthChange.objects.create(link=row.link, was="closed", now="open", why="5 of 6", error=error)


def test_only_leaf_cells_that_changed_are_sent(stock: ToolHealth) -> None:
    feed = ToolsFeed()
    assert feed.advance() is None
    assert feed.advance() is None
    opened(stock)
    frame = feed.advance() or ""
    for told in (
        '"id":"t-stock-status-word","value":"on fallback"',
        '"id":"t-stock","name":"data-severity","value":"2"',
        '"id":"l-stock/live-word","value":"open"',
        '"id":"l-stock/copy","name":"data-serves","value":""',
    ):
        assert told in frame
    assert "rehearsal:search" not in frame
    assert feed.advance() is None


def test_what_a_link_said_is_never_pushed(stock: ToolHealth) -> None:
    feed = ToolsFeed()
    feed.advance()
    opened(stock, error="ACME SAW THIS")
    assert "ACME" not in (feed.advance() or "ACME")


def test_a_cursor_from_before_the_first_look_is_none() -> None:
    assert not ToolsFeed().knows(0)


def test_a_page_hears_that_a_breaker_has_opened(
    viewer: User, stock: ToolHealth, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "TOOLS_SECONDS", 0.01)
    cookie = cookie_of(viewer)

    async def scenario() -> None:
        first = Page(TOOLS, cookie)
        await first.watch()
        assert (await first.frame())["ops"] == [{"op": "refetch", "epoch": feeds.hub.boot}]
        epoch, seq = feeds.position_of_tools()
        page = Page(f"{TOOLS}?epoch={epoch}&seq={seq}", cookie)
        page.seq = seq
        await page.watch()
        await in_thread(opened, stock)
        await page.read(until=seq + 1)
        assert {"op": "text", "id": "t-stock-status-word", "value": "on fallback"} in page.ops
        await first.close()
        await page.close()

    play(scenario)


def test_what_changed_between_a_page_and_its_socket_is_not_lost(viewer: User, stock: ToolHealth, play: Play) -> None:
    cookie = cookie_of(viewer)

    async def scenario() -> None:
        await in_thread(feeds.hub.tools.feed.advance)
        epoch, seq = feeds.position_of_tools()
        await in_thread(opened, stock)
        page = Page(f"{TOOLS}?epoch={epoch}&seq={seq}", cookie)
        page.seq = seq
        await page.watch()
        await page.read(until=seq + 1)
        assert {"op": "text", "id": "l-stock/live-word", "value": "open"} in page.ops
        await page.close()

    play(scenario)
