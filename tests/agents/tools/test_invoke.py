"""One attempt: blocking tools run in children that may be killed, waiting ones on the loop."""

import asyncio
import hashlib
import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from pydantic import JsonValue

from agents.contracts.base import JsonObject
from agents.contracts.calls import Call, ToolRefusal
from agents.contracts.specs import Implementation
from agents.engine.ports import ImplementationFailed
from agents.tools.children import Children
from agents.tools.define import implementation
from agents.tools.invoke import invoke
from agents.tools.output import MOST_BYTES, CutText
from tests.agents.tools import links

CALL = Call(run_id="run", tenant="acme", call_id="c1", key="k" * 64)


def one(function: Callable[..., object], arguments: JsonObject, *, seconds: float = 20.0) -> JsonValue:
    """A single attempt with children of its own."""
    return together(lambda pool: invoke(implementation(function, timeout_seconds=seconds), arguments, CALL, pool, {}))


def together(work: Callable[[Children], Awaitable[JsonValue]]) -> JsonValue:
    """Work with a pool of one child, which is closed afterwards."""

    async def run() -> JsonValue:
        pool = Children(1)
        try:
            return await work(pool)
        finally:
            await pool.close()

    return asyncio.run(run())


def gone(process: int) -> bool:
    """Whether a process has ended and been waited for."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


async def pid_in(path: Path) -> int:
    """The process that a blocking tool has written down, once it has."""
    while not (path.exists() and path.read_text().endswith("\n")):
        await asyncio.sleep(0.01)
    return int(path.read_text())


def test_a_blocking_tool_runs_in_another_process_with_its_key() -> None:
    said = one(links.echo, {"text": "tea 🍵 \x00 \\ \n"})
    assert isinstance(said, dict)
    assert (said["text"], said["key"]) == ("tea 🍵 \x00 \\ \n", CALL.key)
    assert said["process"] != os.getpid()


def test_a_waiting_tool_runs_on_the_loop() -> None:
    assert one(links.wait, {"text": "tea"}) == {"text": "tea", "process": os.getpid()}


def test_a_child_serves_one_call_after_the_other() -> None:
    async def twice(pool: Children) -> JsonValue:
        link = implementation(links.echo)
        said = [await invoke(link, {"text": str(n)}, CALL, pool, {}) for n in range(2)]
        return [each["process"] for each in said if isinstance(each, dict)]

    processes = together(twice)
    assert isinstance(processes, list)
    assert len(processes) == 2
    assert len(set(map(str, processes))) == 1


def test_what_a_tool_prints_does_not_pass_for_its_answer() -> None:
    async def noisy_then_echo(pool: Children) -> JsonValue:
        first = await invoke(implementation(links.noisy), {"text": "tea"}, CALL, pool, {})
        second = await invoke(implementation(links.echo), {"text": "cup"}, CALL, pool, {})
        assert isinstance(second, dict)
        return [first, second["text"]]

    assert together(noisy_then_echo) == ["tea", "cup"]


@pytest.mark.parametrize("function", [links.refuse, links.refuse_later])
def test_a_refusal_stays_a_refusal(function: Callable[..., object]) -> None:
    with pytest.raises(ToolRefusal, match="There is no tea"):
        one(function, {"text": "tea"})


@pytest.mark.parametrize(
    ("function", "error"),
    [
        (links.fail, "KeyError: 'broken'"),
        (links.fail_later, "KeyError: 'tea'"),
        (links.unspeakable, "ValueError"),
        (links.unspeakable_later, "ValueError"),
    ],
)
def test_whatever_a_tool_raises_is_that_implementations_failure(function: Callable[..., object], error: str) -> None:
    with pytest.raises(ImplementationFailed, match=error) as failed:
        one(function, {"text": "tea"})
    assert not failed.value.timed_out


@pytest.mark.parametrize("function", [links.fail, links.fail_later, links.unspeakable, links.unspeakable_later])
def test_what_a_tool_raises_may_have_come_after_it_acted(function: Callable[..., object]) -> None:
    with pytest.raises(ImplementationFailed) as failed:
        one(function, {"text": "tea"})
    assert failed.value.maybe_happened


@pytest.mark.parametrize("function", [links.unconnected, links.unconnected_later])
def test_a_tool_that_has_sent_nothing_can_say_so(function: Callable[..., object]) -> None:
    with pytest.raises(ImplementationFailed, match="nobody answers at home") as failed:
        one(function, {"text": "home"})
    assert not failed.value.maybe_happened


@pytest.mark.parametrize("function", [links.echo, links.wait])
def test_what_fails_before_the_tool_begins_has_not_happened(function: Callable[..., object]) -> None:
    link = implementation(function)
    missing = link.model_copy(update={"target": f"{links.__name__}:no_such_tool"})
    with pytest.raises(ImplementationFailed) as failed:
        together(lambda pool: invoke(missing, {}, CALL, pool, {}))
    assert not failed.value.maybe_happened


def test_a_child_that_dies_fails_the_call_and_the_next_gets_a_new_one() -> None:
    async def die_then_echo(pool: Children) -> JsonValue:
        with pytest.raises(ImplementationFailed) as failed:
            await invoke(implementation(links.die), {}, CALL, pool, {})
        assert failed.value.maybe_happened
        said = await invoke(implementation(links.echo), {"text": "tea"}, CALL, pool, {})
        assert isinstance(said, dict)
        return said["text"]

    assert together(die_then_echo) == "tea"


def test_a_blocking_tool_that_is_late_is_killed(tmp_path: Path) -> None:
    async def late(pool: Children) -> JsonValue:
        await invoke(implementation(links.echo), {"text": "the child is up"}, CALL, pool, {})
        place = tmp_path / "pid"
        link = implementation(links.block, timeout_seconds=0.5)
        with pytest.raises(ImplementationFailed) as failed:
            await invoke(link, {"text": str(place), "seconds": 60.0}, CALL, pool, {})
        assert (failed.value.timed_out, failed.value.maybe_happened) == (True, True)
        return await pid_in(place)

    process = together(late)
    assert isinstance(process, int)
    assert gone(process)


def test_a_blocking_tool_that_is_cut_is_killed(tmp_path: Path) -> None:
    async def cut(pool: Children) -> JsonValue:
        place = tmp_path / "pid"
        arguments: JsonObject = {"text": str(place), "seconds": 60.0}
        task = asyncio.ensure_future(invoke(implementation(links.block), arguments, CALL, pool, {}))
        process = await pid_in(place)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return process

    process = together(cut)
    assert isinstance(process, int)
    assert gone(process)


def test_a_waiting_tool_that_is_late_is_cut() -> None:
    with pytest.raises(ImplementationFailed) as failed:
        one(links.wait, {"seconds": 60.0}, seconds=0.05)
    assert failed.value.timed_out
    assert str(failed.value) == "no answer within 0.05 s"


def test_a_large_answer_comes_through_the_pipe() -> None:
    said = one(links.large, {"text": "tea"})
    assert isinstance(said, str)
    assert len(said) == 900_000


def resident_bytes() -> int:
    """Memory of this process now."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads its own memory from /proc")
def test_of_fifty_megabytes_the_worker_sees_the_head_the_size_and_the_digest() -> None:
    async def watched(pool: Children) -> JsonValue:
        most, before = 0, resident_bytes()
        task = asyncio.ensure_future(invoke(implementation(links.enormous), {"text": "tea "}, CALL, pool, {}))
        while not task.done():
            await asyncio.sleep(0.01)
            most = max(most, resident_bytes() - before)
        said = task.result()
        assert isinstance(said, CutText)
        assert (len(said), said.size_bytes) == (MOST_BYTES, 50_000_000)
        assert said.sha256 == hashlib.sha256(b"tea " * 12_500_000).hexdigest()
        return most

    grown = together(watched)
    assert isinstance(grown, int)
    assert grown < 10 * MOST_BYTES


def test_a_large_object_is_cut_as_its_json() -> None:
    said = one(links.enormous_object, {"text": "tea\n\x00"})
    whole = json.dumps({"parts": ["tea\n\x00" * 1_000] * 4_000}, ensure_ascii=False)
    assert isinstance(said, CutText)
    assert whole.startswith(said)
    assert (said.size_bytes, said.sha256) == (len(whole), hashlib.sha256(whole.encode()).hexdigest())


def test_a_waiting_tool_is_cut_alike() -> None:
    said = one(links.enormous_later, {"text": "茶"})
    assert isinstance(said, CutText)
    assert (len(said), said.size_bytes) == (MOST_BYTES // 3, 9_000_000)


def test_a_child_that_has_held_a_huge_output_is_not_kept() -> None:
    async def huge_then_echo(pool: Children) -> JsonValue:
        await invoke(implementation(links.enormous), {"text": "tea "}, CALL, pool, {})
        return len(pool._idle)

    assert together(huge_then_echo) == 0


@pytest.mark.parametrize("target", ["no.such.module:tool", "tests.agents.tools.links:missing"])
def test_what_cannot_be_loaded_is_a_failure_of_that_implementation(target: str) -> None:
    link = Implementation(name="gone", target=target)
    with pytest.raises(ImplementationFailed, match="cannot be loaded"):
        together(lambda pool: invoke(link, {}, CALL, pool, {}))
