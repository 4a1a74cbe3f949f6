"""Large outputs stay out of the thread: a head, a size, and a handle to read on with."""

import hashlib

from pydantic import JsonValue

from agents.contracts.messages import ToolCall
from agents.contracts.specs import MemoryLimits
from agents.tools.output import MOST_BYTES, cut_if_large
from tests.agents.engine.doubles import Script, asks, call, says
from tests.agents.engine.world import World, spec_of

PAGE = "".join(f"line {n}\n" for n in range(2_000))
HANDLE = hashlib.sha256(PAGE.encode()).hexdigest()


def reading(*more: ToolCall) -> World:
    """A run whose tool says a long text; then it reads on."""
    script: Script = [asks(call("look_up", text="tea")), *(asks(each) for each in more), says("Read.")]
    world = World(script, spec_of(memory=MemoryLimits(inline_characters=1_000)))
    world.tools.replaced["shelf"] = lambda arguments, told: PAGE  # noqa: ARG005
    assert world.start().state == "completed"
    return world


def more(handle: JsonValue, offset: JsonValue, call_id: str = "m1") -> ToolCall:
    """A call of read_more."""
    return call("read_more", call_id, handle=handle, offset=offset)


def test_the_thread_gets_the_head_the_size_and_a_handle() -> None:
    content = reading().content(0)
    assert content["head"] == PAGE[:1_000]
    assert content["characters"] == len(PAGE)
    assert content["handle"] == HANDLE


def test_what_fits_stays_as_it_is() -> None:
    world = World([asks(call("look_up", text="tea")), says("Tea.")])
    world.start()
    assert "handle" not in world.content()
    assert world.journal.blobs == []


def test_the_whole_is_kept_once_under_its_digest() -> None:
    world = reading()
    assert world.journal.blobs == [PAGE.encode()]
    assert [getattr(step.output, "source", "") for step in world.journal.steps].count(HANDLE) == 1


def test_the_llm_reads_on_from_any_place() -> None:
    world = reading(more(HANDLE, 1_000), more(HANDLE, 7_000, "m2"), more(HANDLE, len(PAGE), "m3"))
    first, second, third = (world.content(n) for n in (1, 2, 3))
    assert first == {"text": PAGE[1_000:7_000], "next_offset": 7_000, "characters": len(PAGE)}
    assert second["text"] == PAGE[7_000:13_000]
    assert third == {"text": "", "next_offset": None, "characters": len(PAGE)}


def test_reading_on_is_offered_only_with_tools() -> None:
    without = World([says("Tea.")], spec_of(tools=()))
    without.start()
    assert without.llm.requests[0].tools == ()
    assert [tool.name for tool in reading().llm.requests[0].tools][-1] == "read_more"


def test_a_handle_that_the_run_does_not_have_is_an_error_for_the_llm() -> None:
    world = reading(
        more("0" * 64, 0),
        more(HANDLE, -1, "m2"),
        more(HANDLE, "7", "m3"),
        more(5, 0, "m4"),
        more(HANDLE, True, "m5"),
    )
    assert [result.status for result in world.results[1:]] == ["error"] * 5
    assert world.content(1)["error"] == "This run has no output of that handle."
    assert world.content(2)["error_type"] == "invalid_arguments"


def test_unreadable_arguments_are_an_error_too() -> None:
    world = reading(ToolCall(call_id="m1", name="read_more", arguments=None, arguments_raw="{"))
    assert world.results[-1].status == "error"


def test_reading_on_is_in_the_trace_like_any_call() -> None:
    world = reading(more(HANDLE, 1_000), more("0" * 64, 0, "m2"))
    ends = [event.data for event in world.journal.kinds("tool.ended") if event.data["tool"] == "read_more"]
    assert [(end["call_id"], end["status"]) for end in ends] == [("m1", "ok"), ("m2", "error")]
    assert len(world.journal.kinds("tool.started")) == 3


def test_text_that_no_encoding_can_carry_is_kept_readable() -> None:
    world = World([asks(call("look_up", text="tea")), says("Read.")], spec_of(memory=MemoryLimits(inline_characters=9)))
    world.tools.replaced["shelf"] = lambda arguments, told: "tea \ud800 and more"  # noqa: ARG005
    assert world.start().state == "completed"
    assert world.journal.blobs == [b"tea \\ud800 and more"]


def test_of_an_output_over_the_cap_the_head_is_kept_with_size_and_digest_of_the_whole() -> None:
    whole = "tea and more " * 100_000
    world = World([asks(call("look_up", text="tea")), says("Read.")])
    world.tools.replaced["shelf"] = lambda arguments, told: cut_if_large(whole)  # noqa: ARG005
    assert world.start().state == "completed"
    digest = hashlib.sha256(whole.encode()).hexdigest()
    assert world.journal.blobs == [whole[:MOST_BYTES].encode()]
    content = world.content(0)
    assert (content["size_bytes"], content["sha256"], content["characters"]) == (1_300_000, digest, MOST_BYTES)
    assert content["handle"] == hashlib.sha256(world.journal.blobs[0]).hexdigest()
    (ended,) = world.journal.kinds("tool.ended")
    assert (ended.data["output_bytes"], ended.data["output_sha256"]) == (1_300_000, digest)


def test_sources_in_a_large_output_can_be_cited_and_keep_their_numbers() -> None:
    found: JsonValue = [{"source": f"page:{n}", "text": "tea " * 40} for n in range(1, 31)]
    world = World([asks(call("look_up", text="tea")), asks(call("look_up", "c2", text="cup")), says("Read [30] [31].")])
    world.tools.replaced["shelf"] = lambda arguments, told: (  # noqa: ARG005
        found if arguments["text"] == "tea" else {"source": "page:new"}
    )
    world.start()
    named = world.content(0)["sources"]
    assert isinstance(named, list)
    assert named[-1] == {"source": "page:30", "cite": 30}
    assert world.content(1) == {"source": "page:new", "cite": 31}


def test_a_large_recorded_result_is_not_told_whole_when_its_call_comes_again() -> None:
    letters = [call("send", f"c{n}", to="ann", text="tea", sent_at=str(n)) for n in range(2)]
    world = World(
        [asks(letters[0]), asks(letters[1]), says("Sent.")], spec_of(memory=MemoryLimits(inline_characters=99))
    )
    world.tools.replaced["post"] = lambda arguments, told: PAGE  # noqa: ARG005
    assert world.start().state == "completed"
    assert [set(result.content) if isinstance(result.content, dict) else "" for result in world.results] == [
        {"head", "characters", "handle", "note"}
    ] * 2
