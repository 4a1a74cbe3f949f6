"""Pattern 4: a chain is tried in order, a tool that is gone is named, and a write is never sent elsewhere."""

from pydantic import JsonValue

from agents.contracts.base import JsonObject
from agents.contracts.calls import Call, ToolRefusal
from agents.contracts.messages import SystemMessage
from agents.engine.ports import ImplementationFailed
from tests.agents.engine.doubles import Counted, Function, asks, call, fails, says
from tests.agents.engine.world import LOOK_UP, World, spec_of


def fails_once(error: Exception) -> Function:
    """An implementation that fails the first time."""
    errors = [error]

    def fail(arguments: JsonObject, call: Call) -> JsonValue:
        del arguments
        if errors:
            raise errors.pop()
        return {"key": call.key}

    return fail


def broken(world: World, *implementations: str, error: str = "fell down") -> World:
    """The world with implementations that always fail."""
    for name in implementations:
        world.tools.replaced[name] = fails(ImplementationFailed(error))
    return world


def test_the_next_implementation_serves_when_the_first_fails() -> None:
    world = broken(World([asks(call("look_up", text="tea")), says("Tea.")]), "shelf")
    assert world.start().state == "completed"
    assert world.tools.names == ["shelf", "archive"]
    assert world.content()["from"] == "archive of tea"
    fallback = world.journal.kinds("tool.fallback")[0].data
    assert fallback == {"tool": "look_up", "from": "shelf", "to": "archive", "error": "fell down"}
    assert world.journal.kinds("tool.ended")[0].data["served_by"] == "archive"


def test_the_health_of_each_implementation_is_recorded() -> None:
    world = broken(World([asks(call("look_up", text="tea")), says("Tea.")]), "shelf")
    world.start()
    tools = [(link, error) for link, error in world.health.recorded if link.startswith("look_up/")]
    assert tools == [("look_up/shelf", "fell down"), ("look_up/archive", "")]


def test_an_implementation_with_an_open_breaker_is_passed_over() -> None:
    world = World([asks(call("look_up", text="tea")), says("Tea.")])
    world.health.closed.add("look_up/shelf")
    world.start()
    assert world.tools.names == ["archive"]
    assert world.journal.kinds("tool.fallback")[0].data["error"] == "its circuit breaker is open"


def test_a_refusal_is_an_answer_and_no_fault() -> None:
    world = World([asks(call("look_up", text="tea")), says("None.")])
    world.tools.replaced["shelf"] = fails(ToolRefusal("No tea."))
    assert world.start().state == "completed"
    assert world.tools.names == ["shelf"]
    assert ("look_up/shelf", "") in world.health.recorded
    assert world.journal.kinds("attempt.ended")[0].data["status"] == "refused"


def test_when_all_fail_the_run_goes_on_and_ends_degraded() -> None:
    world = broken(World([asks(call("look_up", text="tea")), says("I could not look it up.")]), "shelf", "archive")
    ending = world.start()
    assert (ending.state, ending.missing) == ("degraded", ("look_up",))
    assert ending.answer == "I could not look it up."
    assert world.content()["status"] == "degraded"
    assert "Guess nothing." in str(world.content()["advice"])


def test_a_timeout_is_told_from_a_failure() -> None:
    world = World([asks(call("look_up", text="tea")), says("Tea.")])
    world.tools.replaced["shelf"] = fails(ImplementationFailed("no answer within 20 s", timed_out=True))
    world.start()
    assert [event.data["status"] for event in world.journal.kinds("attempt.ended")] == ["timeout", "ok"]


def test_a_degraded_tool_is_not_called_again() -> None:
    again = [asks(call("look_up", f"c{n}", text=f"tea {n}")) for n in range(3)]
    world = broken(World([*again, says("Without look_up.")]), "shelf", "archive")
    world.start()
    assert world.tools.names == ["shelf", "archive"]
    assert [result.status for result in world.results] == ["degraded"] * 3
    assert "not called again" in str(world.content()["advice"])


def test_the_system_prompt_lists_what_is_degraded_with_the_rule() -> None:
    world = broken(World([asks(call("look_up", text="tea")), says("Without look_up.")]), "shelf", "archive")
    world.start()
    before, after = (request.messages[0] for request in world.llm.requests)
    assert isinstance(before, SystemMessage)
    assert isinstance(after, SystemMessage)
    assert before.text == "You are tested."
    assert "- look_up\n" in after.text
    assert "Do not call these tools again" in after.text


def test_a_degraded_tool_stays_degraded_after_a_crash() -> None:
    world = broken(World([asks(call("look_up", text="tea")), says("Without look_up.")]), "shelf", "archive")
    world.start()
    assert world.fresh().degraded == {"look_up": "fell down"}


def test_a_tool_that_was_never_needed_cannot_hurt_the_run() -> None:
    world = broken(World([says("No tool needed.")]), "shelf", "archive", "post", "courier")
    assert world.start().state == "completed"


def test_a_keyed_write_is_sent_once_more_under_its_key_and_then_left_alone() -> None:
    world = broken(World([asks(call("send", to="ann", text="hi")), says("I could not send it.")]), "post")
    assert world.start().state == "degraded"
    assert world.tools.names == ["post", "post"]
    first, second = (told.key for _, _, told in world.tools.invoked)
    assert first == second
    assert len(first) == 64


def test_a_keyed_write_that_succeeds_the_second_time_is_a_success() -> None:
    world = World([asks(call("send", to="ann", text="hi")), says("Sent.")])
    world.tools.replaced["post"] = fails_once(ImplementationFailed("reset", maybe_happened=True))
    assert world.start().state == "completed"
    assert [effect.state for effect in world.journal.effects.values()] == ["succeeded"]


def test_an_unkeyed_write_is_sent_once_whatever_happens() -> None:
    world = broken(World([asks(call("shout", to="ann", text="hi")), says("I could not shout.")]), "courier")
    assert world.start().state == "degraded"
    assert world.tools.names == ["courier"]


def test_a_write_does_not_fall_over_even_when_its_first_way_is_closed() -> None:
    world = World([asks(call("send", to="ann", text="hi")), says("I could not send it.")])
    world.health.closed.add("send/post")
    assert world.start().state == "degraded"
    assert world.tools.invoked == []
    assert [effect.state for effect in world.journal.effects.values()] == ["failed"]


def test_a_link_that_a_person_made_the_only_one_is_used_alone() -> None:
    world = World([asks(call("look_up", text="tea")), says("Tea.")])
    world.health.only_one = "look_up/archive"
    assert world.start().state == "completed"
    assert world.tools.names == ["archive"]
    assert world.journal.kinds("tool.fallback") == []


def test_the_only_one_never_falls_over() -> None:
    world = broken(World([asks(call("look_up", text="tea")), says("Without look_up.")]), "archive")
    world.health.only_one = "look_up/archive"
    assert world.start().state == "degraded"
    assert world.tools.names == ["archive"]
    assert world.health.troubles == [("look_up/archive", "degraded")]


def test_each_link_that_was_out_is_noted_for_the_run() -> None:
    world = broken(World([asks(call("look_up", text="tea")), says("Without look_up.")]), "archive")
    world.health.closed = {"look_up/shelf"}
    world.start()
    assert world.health.troubles == [
        ("look_up/shelf", "passed_over"),
        ("look_up/shelf", "degraded"),
        ("look_up/archive", "degraded"),
    ]


def test_a_breaker_hears_how_long_a_call_took_and_whose_it_was() -> None:
    slow = LOOK_UP.implementations[0].model_copy(update={"slow_seconds": 0.8})
    tool = LOOK_UP.model_copy(update={"implementations": (slow, LOOK_UP.implementations[1])})
    world = World([asks(call("look_up", text="tea")), says("Tea.")], spec_of(tools=(tool,)))
    world.tools.takes_seconds = 1.5
    world.start()
    counted = next(each for each in world.health.counted if each.link == "look_up/shelf")
    assert counted == Counted("look_up/shelf", "", 1_500, 800, "acme", "run", 0)
