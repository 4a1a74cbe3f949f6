"""Servers that misbehave, as real processes: each is a bounded failure of one link, said in words."""

import asyncio
import os
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from agents.engine.ports import ImplementationFailed
from agents.tools.mcp.stdio import CHATTER_BYTES, LEASH
from tests.agents.tools.mcp.calls import called, known, on_a_loop, one, program

MOST_MEGABYTES = 150
PATIENCE_SECONDS = 60
CHUNKS = 40
WORKER = "import sys, django; django.setup(); from tests.agents.tools.mcp.calls import hang; hang(sys.argv[1])"


@pytest.mark.parametrize(
    ("behaviour", "seconds", "said"),
    [
        ("hangs_at_start", 1, "it did not start within 1 s"),
        ("dies_at_start", PATIENCE_SECONDS, "it ended: no licence found / ended with exit code 3"),
        ("endless_line", PATIENCE_SECONDS, "it sent a message of more than 8 MB"),
        ("floods", PATIENCE_SECONDS, "it floods: more than 2,000 messages"),
        ("deep_schema", PATIENCE_SECONDS, "it sent a message that cannot be read"),
        ("ten_thousand_tools", PATIENCE_SECONDS, "the server does not list it any more"),
    ],
)
def test_a_server_that_cannot_be_used_fails_before_anything_was_sent(
    monkeypatch: pytest.MonkeyPatch, behaviour: str, seconds: int, said: str
) -> None:
    known(monkeypatch, program(behaviour, timeout_seconds=seconds))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ImplementationFailed, match=said) as failed:
        one("echo", {"text": "tea"})
    assert not failed.value.maybe_happened
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < MOST_MEGABYTES


@pytest.mark.parametrize("behaviour", ["garbage", "noise", "endless_noise", "endless_pages"])
def test_a_server_that_chatters_is_served_all_the_same(monkeypatch: pytest.MonkeyPatch, behaviour: str) -> None:
    known(monkeypatch, program(behaviour))
    said = one("echo", {"text": "tea"})
    assert isinstance(said, dict)
    assert said["text"] == "tea"


@pytest.mark.parametrize(
    ("tool", "said"),
    [
        ("wrong_id", "no answer within 1 s"),
        ("deep", "it sent a message that cannot be read"),
        ("large", "it sent a message of more than 8 MB"),
    ],
)
def test_an_answer_that_cannot_be_used_may_have_come_after_the_act(
    monkeypatch: pytest.MonkeyPatch, tool: str, said: str
) -> None:
    known(monkeypatch, program())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ImplementationFailed, match=said) as failed:
        one(tool, {}, seconds=1 if tool == "wrong_id" else PATIENCE_SECONDS)
    assert failed.value.maybe_happened
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < MOST_MEGABYTES


def test_a_server_that_never_stops_chattering_leaves_the_loop_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    known(monkeypatch, program("endless_noise"))
    chunks, read = Counter[bool](), asyncio.StreamReader.read

    async def counted(stream: asyncio.StreamReader, most: int = -1) -> bytes:
        said = await read(stream, most)
        chunks[len(said) > CHATTER_BYTES] += 1
        return said

    async def turns() -> int:
        await called("echo", {"text": "tea"})
        until, count = chunks[True] + CHUNKS, 0
        while chunks[True] < until:
            await asyncio.sleep(0)
            count += 1
        return count

    monkeypatch.setattr(asyncio.StreamReader, "read", counted)
    assert on_a_loop(turns) > 5 * CHUNKS, "each piece that it says costs others a turn"


def test_a_server_that_talks_of_a_lost_session_is_not_called_twice(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    notes = tmp_path / "notes"
    known(monkeypatch, program(notes=notes))
    with pytest.raises(ImplementationFailed, match="Session terminated") as failed:
        one("forget", {})
    assert failed.value.maybe_happened
    assert notes.read_text().splitlines().count("call forget") == 1


def test_what_is_no_program_fails_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    known(monkeypatch, program().model_copy(update={"command": ("no-such-program",)}))
    with pytest.raises(ImplementationFailed, match=r"cannot be started: .*No such file") as failed:
        one("echo", {})
    assert not failed.value.maybe_happened


def pids(notes: Path) -> list[int]:
    """The processes that a server has noted, itself first."""
    return [int(line.split()[1]) for line in notes.read_text().splitlines() if line.startswith(("pid", "child"))]


def until_gone(processes: list[int]) -> None:
    """Wait until all of these have ended."""
    until = time.monotonic() + PATIENCE_SECONDS
    while any(Path(f"/proc/{process}").exists() and alive(process) for process in processes):
        assert time.monotonic() < until, processes
        time.sleep(0.01)


def alive(process: int) -> bool:
    """Whether it is more than a zombie that its parent has not looked at yet."""
    try:
        return " Z " not in Path(f"/proc/{process}/stat").read_text()
    except FileNotFoundError:
        return False


def test_a_closed_session_leaves_no_process_behind(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    known(monkeypatch, program("leaves_a_child", notes=notes))
    one("echo", {"text": "tea"})
    assert len(pids(notes)) == 2
    until_gone(pids(notes))


def test_a_killed_worker_takes_its_servers_and_their_children_with_it(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    worker = subprocess.Popen((sys.executable, "-c", WORKER, str(notes)))
    until = time.monotonic() + PATIENCE_SECONDS
    while not notes.exists() or "call hang" not in notes.read_text():
        assert worker.poll() is None
        assert time.monotonic() < until
        time.sleep(0.02)
    worker.send_signal(signal.SIGKILL)
    worker.wait(60)
    assert len(pids(notes)) == 2
    until_gone(pids(notes))


def test_a_server_that_ends_first_when_its_worker_dies_leaves_no_child_either() -> None:
    dead_workers, broken = os.pipe()
    unread, heard = os.pipe()
    os.close(dead_workers)
    leaves_a_child = "sleep 600 </dev/null >/dev/null 2>&1 & echo $!"
    worker, life = os.pipe()
    leash = subprocess.Popen(
        (sys.executable, "-I", "-S", str(LEASH), str(worker), "/bin/sh", "-c", leaves_a_child),
        stdout=heard, stderr=broken, pass_fds=(worker,), start_new_session=True,
    )  # fmt: skip
    assert leash.wait(PATIENCE_SECONDS) == -signal.SIGKILL
    until_gone([int(os.read(unread, 20))])
    for end in (broken, unread, heard, worker, life):
        os.close(end)
