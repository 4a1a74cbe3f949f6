"""Pattern 7: what acts on the world acts once; what nobody knows of waits for a person."""

from dataclasses import replace

import pytest
from pydantic import JsonValue

from agents.engine.guard import call_key, far_end_key
from agents.engine.ports import ImplementationFailed, KnownEffect
from tests.agents.engine.doubles import Crash, asks, call, fails, says, unended
from tests.agents.engine.world import SEND, SHOUT, World


def key_of_letter(text: str = "hi") -> str:
    """The key of the letter that the tests send."""
    return call_key("send", SEND.version, {"to": "ann", "text": text}, SEND.volatile)


def key_of_shout() -> str:
    """The key of what is shouted."""
    return call_key("shout", SHOUT.version, {"to": "ann", "text": "hi"})


def shouting() -> World:
    """A run that acts once, without a key."""
    return World([asks(call("shout", to="ann", text="hi")), says("I could not shout.")])


def key_told(run_id: str = "run") -> str:
    """The key that goes out with that letter."""
    return far_end_key(run_id, key_of_letter())


def test_the_key_that_goes_out_is_another_one_in_another_run() -> None:
    assert len({key_told(), key_told("other run"), key_of_letter()}) == 3


def test_the_same_letter_is_sent_once_a_run() -> None:
    letters = [asks(call("send", f"c{n}", to="ann", text="hi")) for n in range(2)]
    world = World([*letters, says("Sent.")])
    world.start()
    assert world.tools.names == ["post"]
    assert [result.content for result in world.results] == [{"sent_to": "ann", "key": key_told()}] * 2
    assert world.journal.kinds("call.deduped")[0].data["key"] == key_of_letter()


def test_what_is_declared_volatile_makes_no_other_letter() -> None:
    letters = [asks(call("send", f"c{n}", to="ann", text="hi", sent_at=f"12:0{n}")) for n in range(2)]
    world = World([*letters, says("Sent.")])
    world.start()
    assert world.tools.names == ["post"]


def test_another_text_is_another_letter() -> None:
    letters = [asks(call("send", f"c{n}", to="ann", text=f"hi {n}")) for n in range(2)]
    world = World([*letters, says("Sent.")])
    world.start()
    assert world.tools.names == ["post", "post"]


def test_a_letter_of_another_run_of_the_tenant_is_not_sent_again() -> None:
    world = World([asks(call("send", to="ann", text="hi")), says("Sent.")])
    world.journal.effects[key_of_letter()] = KnownEffect("succeeded", {"sent_to": "ann"}, "c9", "other run")
    world.start()
    assert world.tools.invoked == []
    assert world.content() == {"sent_to": "ann"}


def test_a_letter_that_failed_may_be_sent_again() -> None:
    world = World([asks(call("send", to="ann", text="hi")), says("Sent.")])
    world.journal.effects[key_of_letter()] = KnownEffect("failed", None, "c0", "run")
    assert world.start().state == "completed"
    assert world.tools.names == ["post"]


def test_a_keyed_letter_under_way_at_a_crash_goes_again_under_the_same_key() -> None:
    world = World([asks(call("send", to="ann", text="hi")), says("Sent.")])
    world.tools.replaced["post"] = fails(Crash())
    with pytest.raises(Crash):
        world.start()
    world.tools.replaced.clear()
    assert world.start().state == "completed"
    assert [told.key for _, _, told in world.tools.invoked] == [key_told()] * 2


def test_an_unkeyed_one_under_way_at_a_crash_waits_for_a_person() -> None:
    world = World([asks(call("shout", to="ann", text="hi")), says("Sent.")])
    world.tools.replaced["courier"] = fails(Crash())
    with pytest.raises(Crash):
        world.start()
    assert world.start().state == "waiting_resolution"
    assert world.tools.names == ["courier"]
    assert [effect.state for effect in world.journal.effects.values()] == ["unknown"]
    assert world.journal.ending is not None
    assert world.journal.ending.detail == {"effect_key": key_of_shout()}


def test_a_letter_that_another_run_has_under_way_is_not_sent_beside_it() -> None:
    world = World([asks(call("send", to="ann", text="hi")), says("I could not send it.")])
    world.journal.effects[key_of_letter()] = KnownEffect("started", None, "c9", "other run")
    assert world.start().state == "waiting_resolution"
    assert world.tools.invoked == []


@pytest.mark.parametrize(
    ("maybe", "state", "ending"), [(True, "unknown", "waiting_resolution"), (False, "failed", "degraded")]
)
def test_a_write_without_a_key_that_may_have_happened_waits_and_one_that_cannot_have_failed(
    maybe: bool, state: str, ending: str
) -> None:
    world = shouting()
    world.tools.replaced["courier"] = fails(ImplementationFailed("late", maybe_happened=maybe))
    assert world.start().state == ending
    assert world.journal.effects[key_of_shout()].state == state
    said = [event.data["why"] for event in world.journal.kinds("effect.unknown")]
    assert said == (["no_answer"] if maybe else [])
    assert unended(world.journal.events) == []


def test_a_keyed_write_that_may_have_happened_is_unknown_and_the_run_says_so_and_goes_on() -> None:
    world = World([asks(call("send", to="ann", text="hi")), says("I could not send it for sure.")])
    world.tools.replaced["post"] = fails(ImplementationFailed("late", maybe_happened=True))
    assert world.start().state == "degraded"
    assert world.tools.names == ["post", "post"]
    assert world.journal.effects[key_of_letter()].state == "unknown"
    assert world.content()["error"] == "It is not known whether this call happened: late"


def resolved(outcome: str, result: JsonValue = None) -> World:
    """A shout under way at a crash, of which a person has said what became of it."""
    world = shouting()
    world.tools.replaced["courier"] = fails(Crash())
    with pytest.raises(Crash):
        world.start()
    assert world.start().state == "waiting_resolution"
    known = world.journal.effects[key_of_shout()]
    told = replace(known, state="resolved", outcome=outcome, result=result)  # type: ignore[arg-type]  # parametrised
    world.journal.effects[key_of_shout()] = told
    world.tools.replaced.clear()
    return world


def test_what_happened_says_a_person_is_answered_with_their_words_and_not_sent_again() -> None:
    world = resolved("happened", {"sent_to": "ann", "seen": "in the outbox"})
    assert world.start().state == "completed"
    assert world.tools.names == ["courier"]
    assert (world.results[0].status, world.content()) == ("ok", {"sent_to": "ann", "seen": "in the outbox"})


def test_what_a_person_wants_made_again_is_made_once_more_under_its_key() -> None:
    world = resolved("again")
    assert world.start().state == "completed"
    keys = [told.key for _, _, told in world.tools.invoked]
    assert keys == [keys[0]] * 2
    assert world.journal.effects[key_of_shout()].state == "succeeded"


def test_what_is_made_again_and_cut_off_again_waits_again() -> None:
    world = resolved("again")
    world.tools.replaced["courier"] = fails(Crash())
    with pytest.raises(Crash):
        world.start()
    assert world.start().state == "waiting_resolution"
    assert world.tools.names == ["courier"] * 2


def test_what_a_person_gave_up_is_named_to_the_llm_and_never_called_again() -> None:
    world = resolved("given_up")
    world.llm.script.insert(1, asks(call("shout", "c2", to="ann", text="hi")))
    assert world.start().state == "degraded"
    assert world.tools.names == ["courier"]
    assert [result.status for result in world.results] == ["degraded", "degraded"]
    assert "not known whether this call happened" in str(world.results[0].content)


def test_what_another_run_had_sent_goes_again_under_the_key_that_it_had_then() -> None:
    world = World([asks(call("send", to="ann", text="hi")), says("Sent.")])
    world.journal.effects[key_of_letter()] = KnownEffect("resolved", None, "c9", "other run", "again", "k" * 64)
    assert world.start().state == "completed"
    assert [told.key for _, _, told in world.tools.invoked] == ["k" * 64]


@pytest.mark.parametrize("outcome", ["happened", "given_up"])
def test_a_persons_word_on_a_letter_of_another_run_holds_here_too(outcome: str) -> None:
    world = World([asks(call("send", to="ann", text="hi")), says("It could not be sent: send is out.")])
    told = KnownEffect("resolved", "it is in the outbox", "c9", "other run", outcome)  # type: ignore[arg-type]  # parametrised
    world.journal.effects[key_of_letter()] = told
    assert world.start().state == ("completed" if outcome == "happened" else "degraded")
    assert world.tools.invoked == []


def test_the_effect_is_recorded_before_it_leaves() -> None:
    world = World([asks(call("send", to="ann", text="hi")), says("I could not send it.")])
    seen: list[str] = []

    def post(*_: object) -> str:
        seen.extend(effect.state for effect in world.journal.effects.values())
        return "sent"

    world.tools.replaced["post"] = post
    world.start()
    assert seen == ["started"]
    assert [effect.state for effect in world.journal.effects.values()] == ["succeeded"]


def test_reads_leave_no_effect() -> None:
    world = World([asks(call("look_up", text="tea")), says("Tea.")])
    world.start()
    assert world.journal.effects == {}


def test_a_letter_that_another_run_starts_at_the_same_moment_is_left_to_it() -> None:
    world = World([asks(call("send", to="ann", text="hi")), says("Sent.")])
    world.journal.faster[key_of_letter()] = KnownEffect("succeeded", {"sent_to": "ann"}, "c9", "other run")
    assert world.start().state == "completed"
    assert world.tools.invoked == []
    assert world.content() == {"sent_to": "ann"}
    assert unended(world.journal.events) == []
    assert world.journal.kinds("tool.ended")[0].data["status"] == "blocked"
