"""Calls of an MCP server's tools: one session that many calls share, secrets at the last moment, and clean cuts."""

import asyncio
import json
import os
import threading
from pathlib import Path

import pytest
from pydantic import JsonValue

from agents.contracts.base import JsonObject
from agents.contracts.calls import ToolRefusal
from agents.edge import Edge, KillSwitch
from agents.engine.ports import ImplementationFailed, Interrupted
from agents.tools.mcp import call as entry
from agents.tools.mcp.call import mcp_call
from agents.tools.mcp.failures import SchemaChanged
from tests.agents.tools.mcp.calls import CALL, called, known, link, on_a_loop, one, program


def field(value: JsonValue, name: str) -> JsonValue:
    """A field of a structured result."""
    assert isinstance(value, dict)
    return value[name]


async def noted(notes: Path, line: str) -> list[str]:
    """What the server has left behind, once a line that begins so is among it."""
    while True:
        lines = notes.read_text().splitlines() if notes.exists() else []
        if any(each.startswith(line) for each in lines):
            return lines
        await asyncio.sleep(0.01)


def test_structure_comes_back_and_the_key_went_out_in_the_meta(monkeypatch: pytest.MonkeyPatch) -> None:
    known(monkeypatch, program())
    said = one("echo", {"text": "tea 🍵 \n"})
    assert (field(said, "text"), field(said, "key")) == ("tea 🍵 \n", CALL.key)
    assert field(said, "process") != os.getpid()


def test_an_error_of_the_tool_is_its_refusal_and_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    known(monkeypatch, program())
    with pytest.raises(ToolRefusal, match="There is no such tea") as refused:
        one("refuse", {})
    assert len(str(refused.value)) == 2_000


def test_a_server_that_knows_only_the_newer_handshake_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    known(monkeypatch, program("newer"))
    assert field(one("echo", {"text": "tea"}), "text") == "tea"


def test_a_server_that_asks_for_an_llm_is_told_no(monkeypatch: pytest.MonkeyPatch) -> None:
    known(monkeypatch, program())
    assert one("ask", {}) == "Sampling not supported"


def test_a_picture_is_a_note_of_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    known(monkeypatch, program())
    note: JsonObject = {"type": "image", "media_type": "image/png", "bytes": 5, "note": "5 bytes of image, not shown"}
    assert one("picture", {}) == ["See:", note]


def test_a_server_gets_its_secret_and_nothing_of_the_workers_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "the worker's own")
    known(monkeypatch, program(environment={"TOKEN": "Bearer {secret:SHELF}"}))
    given = field(one("echo", {"text": "tea"}, secrets={"SHELF": "s3cret"}), "environment")
    assert isinstance(given, dict)
    assert given["TOKEN"] == "Bearer s3cret"
    assert set(given) <= {"TOKEN", "PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "TZ", "USER"}


def test_a_missing_secret_is_named_and_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    known(monkeypatch, program(environment={"TOKEN": "{secret:SHELF}"}))
    with pytest.raises(ImplementationFailed, match="The secret SHELF is not set") as failed:
        one("echo", {})
    assert not failed.value.maybe_happened


def test_calls_share_a_session_but_tenants_with_other_secrets_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    known(monkeypatch, program(environment={"TOKEN": "{secret:SHELF}"}))

    async def several() -> list[JsonValue]:
        of = [{"SHELF": "acme"}, {"SHELF": "acme"}, {"SHELF": "globex"}]
        said = await asyncio.gather(*(called("echo", {"text": "tea"}, secrets=each) for each in of))
        return [field(each, "process") for each in said]

    first, second, other = on_a_loop(several)
    assert first == second != other


def test_a_late_call_is_cancelled_at_the_server_and_harms_no_other(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    notes = tmp_path / "notes"
    known(monkeypatch, program(notes=notes))

    async def work() -> list[str]:
        beside = asyncio.create_task(called("hang", {}))
        await noted(notes, "call hang")
        with pytest.raises(ImplementationFailed, match=r"no answer within 0.2 s") as late:
            await called("hang", {}, seconds=0.2)
        assert late.value.timed_out
        assert late.value.maybe_happened
        assert field(await called("echo", {"text": "tea"}), "text") == "tea"
        assert not beside.done()
        beside.cancel()
        return await noted(notes, "cancelled")

    lines = on_a_loop(work)
    assert lines.count("call hang") == 2
    assert sum(line.startswith("pid") for line in lines) == 1


def test_a_kill_cancels_the_very_call_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    known(monkeypatch, program(notes=notes))
    edge, switch, said = Edge(), KillSwitch(), list[JsonValue]()
    edge.start()

    def killed() -> None:
        with pytest.raises(Interrupted):
            edge.run(mcp_call(link("hang"), {}, CALL, {}), switch)
        said.append("cut")

    run = threading.Thread(target=killed)
    run.start()
    edge.run(noted(notes, "call hang"), KillSwitch())
    switch.throw()
    run.join(60)
    edge.run(noted(notes, "cancelled"), KillSwitch())
    said.append(field(edge.run(called("echo", {"text": "tea"}), KillSwitch()), "text"))
    edge.run(entry.close_sessions(), KillSwitch())
    edge.stop()
    edge.loop.close()
    assert said == ["cut", "tea"]


def test_a_server_that_died_is_started_again_for_the_next_call(monkeypatch: pytest.MonkeyPatch) -> None:
    known(monkeypatch, program())

    async def work() -> JsonValue:
        with pytest.raises(ImplementationFailed, match="out of memory / ended with exit code 9") as died:
            await called("die", {})
        assert died.value.maybe_happened
        return field(await called("echo", {"text": "tea"}), "text")

    assert on_a_loop(work) == "tea"


@pytest.mark.parametrize(("extra", "seen"), [("address", True), ("", False)])
def test_a_tool_that_changed_or_vanished_is_not_called(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, extra: str, seen: bool
) -> None:
    notes = tmp_path / "notes"
    known(monkeypatch, program(notes=notes))

    async def work() -> SchemaChanged:
        await called("echo", {"text": "tea"})
        await called("change", {"text": extra})  # the server says that its list has changed, before it answers
        with pytest.raises(SchemaChanged) as changed:
            await called("echo", {"text": "tea"})
        return changed.value

    changed = on_a_loop(work)
    assert not changed.maybe_happened
    assert (changed.seen is not None) is seen
    assert ("its schema has changed since it was accepted" in changed.error) is seen
    assert notes.read_text().splitlines().count("call echo") == 1


def test_a_listing_that_is_old_is_asked_for_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    known(monkeypatch, program(notes=notes))

    async def twice() -> None:
        await called("echo", {"text": "tea"})
        await called("echo", {"text": "tea"})

    on_a_loop(twice)
    assert notes.read_text().splitlines().count("listed") == 1
    monkeypatch.setattr("agents.tools.mcp.session.LOOK_SECONDS", 0.0)
    on_a_loop(twice)
    assert notes.read_text().splitlines().count("listed") == 3


def test_a_session_that_nobody_uses_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.tools.mcp.session.IDLE_SECONDS", 0.05)
    known(monkeypatch, program())

    async def work() -> bool:
        process = field(await called("echo", {"text": "tea"}), "process")
        while Path(f"/proc/{process}").exists():
            await asyncio.sleep(0.01)
        return field(await called("echo", {"text": "tea"}), "process") != process

    assert on_a_loop(work)


def test_half_a_character_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    known(monkeypatch, program())
    with pytest.raises(ToolRefusal, match="half a character"):
        one("echo", {"text": json.loads('"\\ud83c"')})
