"""The edge: a kill cuts the very call in flight, and nothing begins once the switch is thrown."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from agents.edge import Edge, KillSwitch
from agents.engine.ports import Interrupted


@pytest.fixture
def edge() -> Iterator[Edge]:
    """A running loop."""
    edge = Edge()
    edge.start()
    yield edge
    edge.stop()
    edge.loop.close()


async def answer() -> str:
    """A call that is answered."""
    await asyncio.sleep(0)
    return "tea"


def test_an_answer_comes_back(edge: Edge) -> None:
    assert edge.run(answer(), KillSwitch()) == "tea"


def test_an_error_comes_back_as_it_is(edge: Edge) -> None:
    async def fail() -> None:
        raise KeyError("tea")

    with pytest.raises(KeyError, match="tea"):
        edge.run(fail(), KillSwitch())


def test_a_thrown_switch_cuts_the_call_in_flight(edge: Edge) -> None:
    switch, begun, cleaned = KillSwitch(), threading.Event(), threading.Event()

    async def hang() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            cleaned.set()

    with ThreadPoolExecutor(1) as pool:
        flight = pool.submit(edge.run, hang(), switch)
        assert begun.wait(10)
        switch.throw()
        with pytest.raises(Interrupted):
            flight.result(10)
    assert cleaned.wait(10)


def test_not_a_line_of_a_call_runs_once_the_switch_is_thrown(edge: Edge) -> None:
    switch, begun = KillSwitch(), threading.Event()

    async def act() -> None:
        begun.set()

    switch.throw()
    with pytest.raises(Interrupted):
        edge.run(act(), switch)
    assert edge.run(answer(), KillSwitch()) == "tea"
    assert not begun.is_set()


def test_a_call_that_is_held_after_the_throw_is_cancelled() -> None:
    from_thread = ThreadPoolExecutor(1)
    switch = KillSwitch()
    switch.throw()
    gate = threading.Event()
    first = from_thread.submit(gate.wait, 10)
    waiting = from_thread.submit(lambda: None)
    switch.hold(waiting)
    assert waiting.cancelled()
    gate.set()
    assert first.result(10)
    from_thread.shutdown()


def test_a_switch_cuts_only_what_is_in_flight_now(edge: Edge) -> None:
    first, second = KillSwitch(), KillSwitch()
    first.throw()
    assert edge.run(answer(), second) == "tea"
    second.let_go()
    second.throw()
    assert second.thrown.is_set()


def test_stopping_the_edge_ends_what_still_runs() -> None:
    edge, begun = Edge(), threading.Event()
    edge.start()

    async def hang() -> None:
        begun.set()
        await asyncio.Event().wait()

    with ThreadPoolExecutor(1) as pool:
        flight = pool.submit(edge.run, hang(), KillSwitch())
        assert begun.wait(10)
        edge.stop()
        with pytest.raises(Interrupted):
            flight.result(10)
    assert not edge.loop.is_running()
    edge.loop.close()
