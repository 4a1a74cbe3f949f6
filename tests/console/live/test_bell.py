"""Where hints come from, with Redis and without."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from redis.asyncio import Redis

from console.live.bell import CHANNEL, Bell

Hint = tuple[str, int, int]


def in_a_loop_of_its_own(scenario: Coroutine[Any, Any, None]) -> None:
    """In a thread of its own too: a browser that this process drives keeps a loop running in the main one."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, scenario).result()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not true():
            await asyncio.sleep(0.01)


class Ear:
    """Writes down what a bell says."""

    def __init__(self, url: str) -> None:
        self.hints: list[Hint] = []
        self.looks = 0
        self.bell = Bell(url, self.hear, self.look, poll_seconds=0.01, check_seconds=0.05)

    def hear(self, run_id: str, tenant_id: int, head: int) -> None:
        self.hints.append((run_id, tenant_id, head))

    async def look(self) -> None:
        self.looks += 1
        if self.looks == 2:
            raise RuntimeError("the database was busy")


def test_without_redis_it_looks_at_the_rows_and_a_failed_look_is_not_the_end() -> None:
    async def scenario() -> None:
        ear = Ear("redis://127.0.0.1:1/0")
        task = asyncio.create_task(ear.bell.run())
        await until(lambda: ear.looks > 3)
        assert ear.bell.mode == "polling"
        task.cancel()

    in_a_loop_of_its_own(scenario())


def test_hints_are_heard_and_nonsense_is_not(redis_url: str) -> None:
    async def scenario() -> None:
        ear = Ear(redis_url)
        task = asyncio.create_task(ear.bell.run())
        await until(lambda: ear.bell.mode == "redis")
        client = Redis.from_url(redis_url)
        for message in ("nonsense", "[]", "{}", json.dumps({"run": "r1", "tenant": 1, "head": 7})):
            await client.publish(CHANNEL, message)
        await until(lambda: bool(ear.hints))
        assert ear.hints == [("r1", 1, 7)]
        await until(lambda: ear.looks > 3)
        task.cancel()
        await client.aclose()

    in_a_loop_of_its_own(scenario())


def test_it_goes_on_when_redis_has_dropped_its_connections(redis_url: str) -> None:
    async def scenario() -> None:
        ear = Ear(redis_url)
        task = asyncio.create_task(ear.bell.run())
        await until(lambda: ear.bell.mode == "redis")
        client = Redis.from_url(redis_url)
        await client.client_kill_filter(_type="pubsub")
        await until(lambda: ear.bell.mode == "polling")
        await until(lambda: ear.bell.mode == "redis")
        await client.publish(CHANNEL, json.dumps({"run": "r1", "tenant": 1, "head": 8}))
        await until(lambda: bool(ear.hints))
        task.cancel()
        await client.aclose()

    in_a_loop_of_its_own(scenario())
