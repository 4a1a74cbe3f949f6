"""Who comes and goes at the same moment."""

import asyncio

import pytest

from console.live.flow import Window
from console.live.hub import Hub, WatchedRun
from console.live.written import Reader


class Page:
    """A viewer that takes what it is shown."""

    def __init__(self) -> None:
        self.window = Window(0)
        self.reader = Reader()
        self.shown: list[str] = []

    async def show(self, frame: str) -> None:
        self.shown.append(frame)


def test_a_page_that_comes_back_while_its_old_socket_closes_goes_on_hearing(monkeypatch: pytest.MonkeyPatch) -> None:
    hub, old, new = Hub("redis://127.0.0.1:1/0"), Page(), Page()
    reading, go_on = asyncio.Event(), asyncio.Event()

    async def slow(_watched: WatchedRun) -> None:
        reading.set()
        await go_on.wait()

    async def play() -> None:
        watched = hub.runs.setdefault("r1", WatchedRun("r1"))
        watched.audience.viewers.add(old)
        monkeypatch.setattr(hub, "_advance", slow)
        joining = asyncio.create_task(hub.join_run(new, "r1", "", 0))
        await reading.wait()
        leaving = asyncio.create_task(hub.leave(old))
        await asyncio.sleep(0)
        go_on.set()
        await asyncio.gather(joining, leaving)

    asyncio.run(play())
    assert hub.runs["r1"].audience.viewers == {new}
