"""The shared loop: a thread that is alone turns it itself; what it leaves behind is turned by the loop's own thread."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from agents.edge import Edge, KillSwitch


@pytest.fixture
def edge() -> Iterator[Edge]:
    """A loop that takes calls."""
    edge = Edge()
    edge.start()
    yield edge
    edge.stop()
    edge.loop.close()


async def whose_thread() -> str:
    """The name of the thread that turns the loop, once the call has been suspended."""
    await asyncio.sleep(0)
    return threading.current_thread().name


def comes_back_to_me(edge: Edge) -> bool:
    """Whether this thread turns the loop again; the other one may need a moment to leave it."""
    mine = threading.current_thread().name
    return any(edge.run(whose_thread(), KillSwitch()) == mine for _ in range(10_000))


def test_a_call_that_is_alone_runs_in_the_thread_that_waits_for_it(edge: Edge) -> None:
    mine = threading.current_thread().name
    assert [edge.run(whose_thread(), KillSwitch()) for _ in range(3)] == [mine] * 3


def test_the_loops_own_thread_goes_on_for_those_who_still_wait(edge: Edge) -> None:
    first_begun, second_begun, second_may_end = threading.Event(), threading.Event(), asyncio.Event()

    async def first() -> str:
        first_begun.set()
        while not second_begun.is_set():
            await asyncio.sleep(0.001)
        return await whose_thread()

    async def second() -> tuple[str, str]:
        second_begun.set()
        began_on = threading.current_thread().name
        await second_may_end.wait()
        return began_on, await whose_thread()

    with ThreadPoolExecutor(1, "first") as one, ThreadPoolExecutor(1, "second") as two:
        leading = one.submit(edge.run, first(), KillSwitch())
        assert first_begun.wait(10)
        following = two.submit(edge.run, second(), KillSwitch())
        assert leading.result(10) == "first_0"
        edge.loop.call_soon_threadsafe(second_may_end.set)
        assert following.result(10) == ("first_0", "edge")
    assert comes_back_to_me(edge)


def test_what_a_call_leaves_running_goes_on_without_anybody_waiting(edge: Edge) -> None:
    done, kept = threading.Event(), list[asyncio.Task[None]]()

    async def later() -> None:
        for _ in range(3):
            await asyncio.sleep(0.001)
        done.set()

    async def leave_running() -> None:
        kept.append(asyncio.create_task(later()))

    edge.run(leave_running(), KillSwitch())
    assert done.wait(10)
    assert comes_back_to_me(edge)


def test_an_exception_that_ends_the_turning_thread_leaves_the_loop_to_the_others(edge: Edge) -> None:
    begun, over = threading.Event(), asyncio.Event()

    async def interrupted() -> None:
        begun.set()
        await over.wait()
        raise KeyboardInterrupt

    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(1) as two:
        leading = one.submit(edge.run, interrupted(), KillSwitch())
        assert begun.wait(10)
        following = two.submit(edge.run, asyncio.sleep(0.01, "tea"), KillSwitch())
        edge.loop.call_soon_threadsafe(over.set)
        assert isinstance(leading.exception(10), KeyboardInterrupt)
        assert following.result(10) == "tea"


def test_many_threads_each_get_their_own_answer(edge: Edge) -> None:
    async def answer(number: int) -> int:
        for _ in range(number % 4):
            await asyncio.sleep(0)
        return number

    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(lambda number: edge.run(answer(number), KillSwitch()), range(400))
        assert list(answers) == list(range(400))
