"""The edge: a kill cuts the very call in flight, and nothing begins once the switch is thrown."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from agents.edge import Edge, KillSwitch, throw_all, when_cut
from agents.engine.ports import Interrupted

PATIENCE_SECONDS = 60


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
        assert begun.wait(PATIENCE_SECONDS)
        switch.throw()
        with pytest.raises(Interrupted):
            flight.result(PATIENCE_SECONDS)
    assert cleaned.wait(PATIENCE_SECONDS)


def test_not_a_line_of_a_call_runs_once_the_switch_is_thrown(edge: Edge) -> None:
    switch, begun = KillSwitch(), threading.Event()

    async def act() -> None:
        begun.set()

    switch.throw()
    with pytest.raises(Interrupted):
        edge.run(act(), switch)
    assert edge.run(answer(), KillSwitch()) == "tea"
    assert not begun.is_set()


def test_many_are_cut_together_and_no_thread_wakes_before_all_have_put_their_things_away(edge: Edge) -> None:
    switches = [KillSwitch() for _ in range(20)]
    begun, cleaned = threading.Semaphore(0), []

    async def hang(number: int) -> None:
        try:
            begun.release()
            await asyncio.Event().wait()
        finally:
            for _ in range(number):
                await asyncio.sleep(0)
            cleaned.append(number)

    def fly(number: int) -> int:
        with pytest.raises(Interrupted):
            edge.run(hang(number), switches[number])
        return len(cleaned)

    with ThreadPoolExecutor(len(switches)) as pool:
        seen = [pool.submit(fly, number) for number in range(len(switches))]
        assert all(begun.acquire(timeout=PATIENCE_SECONDS) for _ in switches)
        throw_all(switches)
        assert [flight.result(PATIENCE_SECONDS) for flight in seen] == [len(switches)] * len(switches)


def test_what_does_not_let_itself_be_cut_is_left_behind(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.edge.CUT_SECONDS", 0.05)
    switch, begun, over = KillSwitch(), threading.Event(), threading.Event()

    async def cling() -> None:
        begun.set()
        while not over.is_set():
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(0.01)

    with ThreadPoolExecutor(1) as pool:
        flight = pool.submit(edge.run, cling(), switch)
        assert begun.wait(PATIENCE_SECONDS)
        switch.throw()
        with pytest.raises(Interrupted):
            flight.result(PATIENCE_SECONDS)
    over.set()


def test_an_answer_that_came_with_the_cut_is_kept_and_an_error_is_not(edge: Edge) -> None:
    async def end(begun: threading.Event, error: Exception | None) -> str:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if error:
                raise error from None
        return "tea"

    def fly(error: Exception | None) -> str:
        switch, begun = KillSwitch(), threading.Event()
        with ThreadPoolExecutor(1) as pool:
            flight = pool.submit(edge.run, end(begun, error), switch)
            assert begun.wait(PATIENCE_SECONDS)
            switch.throw()
            return flight.result(PATIENCE_SECONDS)

    assert fly(None) == "tea"
    with pytest.raises(Interrupted):
        fly(KeyError("tea"))


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
        assert begun.wait(PATIENCE_SECONDS)
        edge.stop()
        with pytest.raises(Interrupted):
            flight.result(PATIENCE_SECONDS)
    assert not edge.loop.is_running()
    edge.loop.close()


def test_the_far_end_is_left_before_anything_is_cancelled_and_only_while_in_flight(edge: Edge) -> None:
    told: list[str] = []
    switches, begun = [KillSwitch(), KillSwitch()], threading.Semaphore(0)

    async def hang() -> None:
        when_cut(lambda: told.append("left"))
        begun.release()
        try:
            await asyncio.Event().wait()
        finally:
            told.append("cancelled")

    async def speak() -> None:
        when_cut(lambda: told.append("left too late"))

    over = KillSwitch()
    edge.run(speak(), over)
    with ThreadPoolExecutor(2) as pool:
        flights = [pool.submit(edge.run, hang(), switch) for switch in switches]
        assert all(begun.acquire(timeout=PATIENCE_SECONDS) for _ in switches)
        throw_all([over, *switches])
        for flight in flights:
            with pytest.raises(Interrupted):
                flight.result(PATIENCE_SECONDS)
    assert told == ["left", "left", "cancelled", "cancelled"]
