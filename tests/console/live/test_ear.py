"""Pieces of text come over Redis, of watched runs alone."""

import asyncio

import pytest
from pytest_django import Settings
from redis.asyncio import Redis

from agents import bell
from agents.writing import Piece, RunText, Scribe, channel_of
from console.live import ear as ear_module
from console.live.ear import Ear
from tests.console.live.test_bell import in_a_loop_of_its_own, until


class Heard:
    """Writes down what an ear hears."""

    def __init__(self) -> None:
        self.pieces: list[tuple[str, Piece]] = []

    async def hear(self, run_id: str, piece: Piece) -> None:
        self.pieces.append((run_id, piece))


def test_a_worker_is_heard_by_those_who_watch_its_run(redis_url: str, settings: Settings) -> None:
    settings.REDIS_URL = redis_url
    bell.client.cache_clear()
    heard, scribe, channel = Heard(), Scribe(), channel_of("watched")
    watched, other = RunText(scribe, "watched"), RunText(scribe, "other")
    for text in (watched, other):
        text.begin("span1")
        text.hear("The order ")

    async def scenario() -> None:
        ear = Ear(redis_url, heard.hear)
        task = asyncio.create_task(ear.run())
        ear.listen_to({"watched", "another"})
        await until(lambda: bell.listeners([channel])[channel] == 1)
        scribe.tell()
        await until(lambda: len(heard.pieces) == 1)
        async with Redis.from_url(redis_url) as client:
            await client.publish(channel, "nonsense")
        watched.hear("is late ")
        scribe.tell()
        await until(lambda: len(heard.pieces) == 2)
        ear.listen_to(set())
        await until(lambda: bell.listeners([channel])[channel] == 0)
        task.cancel()

    in_a_loop_of_its_own(scenario())
    bell.client.cache_clear()
    first, second = Piece("span1", 1, 0, "The order "), Piece("span1", 1, 10, "is late ")
    assert heard.pieces == [("watched", first), ("watched", second)]


def test_without_redis_it_tries_again(monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[int] = []
    monkeypatch.setattr(ear_module, "AGAIN_SECONDS", 0.01)

    async def scenario() -> None:
        ear = Ear("redis://127.0.0.1:1/0", Heard().hear)
        listen = ear._listen

        async def counted() -> None:
            tries.append(1)
            await listen()

        monkeypatch.setattr(ear, "_listen", counted)
        task = asyncio.create_task(ear.run())
        ear.listen_to({"watched"})
        await until(lambda: len(tries) > 2)
        task.cancel()

    in_a_loop_of_its_own(scenario())
