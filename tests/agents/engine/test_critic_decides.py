"""Pattern 6: code checks what it can; a rejected draft is revised twice, then the best one is flagged."""

from collections.abc import Iterator

import pytest
from pydantic import JsonValue, ValidationError

from agents.contracts.messages import UserMessage
from agents.contracts.specs import CheckSpec
from agents.engine import critic
from agents.engine.critic.language import COMMONEST, Code
from agents.engine.critic.registry import (
    MOST_PROBLEM_CHARACTERS,
    MOST_PROBLEMS,
    Draft,
    Settings,
    UnknownCheck,
    judge,
)
from tests.agents.engine.doubles import Script, asks, call, says
from tests.agents.engine.world import World, spec_of

ENGLISH = "This is the answer to the question that was asked, and it is written in plain words for all. "
GERMAN = "Dies ist eine Antwort, welche ganz sicher nicht englisch ist, sondern deutsch geschrieben wurde. "
SCHEMA: JsonValue = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}


def complaints(
    check: str, text: str, settings: dict[str, JsonValue], sources: frozenset[int] = frozenset()
) -> list[str]:
    """What one check says of a text."""
    verdict = judge([CheckSpec(check=check, settings=settings)], Draft(text, sources))
    return [issue.text for issue in verdict.issues]


@pytest.mark.parametrize(
    ("check", "text", "settings"),
    [
        ("citations", "Tea [1], cups [2].", {"minimum": 2}),
        ("citations", "No source needed.", {"minimum": 0}),
        ("length", "12345", {"minimum": 5, "maximum": 5}),
        ("banned", "A guaranteed success.", {"phrases": ["guarantee"]}),
        ("required", "Our REFUND policy.", {"phrases": ["refund policy"]}),
        ("links", "See https://docs.example.com/a?b=1.", {"allowed_hosts": ["docs.example.com"]}),
        ("secrets", "sk-short and AKIA too", {}),
        ("language", ENGLISH * 2, {"code": "en"}),
        ("language", "Kurz und deutsch.", {"code": "en"}),
        ("json_schema", '{"n": 5}', {"schema": SCHEMA}),
        ("regex", "12 EUR", {"pattern": "^[0-9]+ EUR$"}),
        ("regex", "Free.", {"pattern": "EUR", "must": "not occur"}),
        ("language", GERMAN * 3, {"code": "de"}),
    ],
)
def test_a_check_lets_through_what_is_right(check: str, text: str, settings: dict[str, JsonValue]) -> None:
    assert complaints(check, text, settings, frozenset({1, 2})) == []


@pytest.mark.parametrize(
    ("check", "text", "settings", "says"),
    [
        ("citations", "Tea [7].", {}, "[7] cites a source that was not read; sources read: [1], [2]."),
        ("citations", "Tea.", {"minimum": 1}, "needs 1, written as [n]"),
        ("citations", "Tea [1][1].", {"minimum": 2}, "cites 1 source(s)"),
        ("length", "   1234 ", {"minimum": 5}, "has 4 characters and needs at least 5"),
        ("length", "123456", {"maximum": 5}, "may have at most 5"),
        ("banned", "As an AI I know.", {"phrases": ["as an ai"]}, "“as an ai” must not be used"),
        ("required", "Refunds.", {"phrases": ["refund"]}, "must contain “refund”"),
        ("links", "https://evil.example/x", {"allowed_hosts": ["example"]}, "not to an allowed site"),
        (
            "links",
            "https://good.example@evil.example/",
            {"allowed_hosts": ["good.example"]},
            "not to an allowed site",
        ),
        ("links", "HTTPS://evil.example", {}, "not to an allowed site"),
        ("secrets", "key sk-" + "a1" * 15, {}, "looks like an OpenAI key"),
        ("secrets", "key ghp_" + "a" * 36, {}, "looks like a GitHub token"),
        ("secrets", "-----BEGIN RSA PRIVATE KEY-----", {}, "looks like a private key"),
        ("language", GERMAN * 3, {"code": "en"}, "must be in English"),
        ("json_schema", "n = 5", {"schema": SCHEMA}, "must be JSON and nothing else"),
        ("json_schema", '{"n": "5"}', {"schema": SCHEMA}, "At n: must be of type integer"),
        ("json_schema", "[" * 20_000, {"schema": SCHEMA}, "must be JSON and nothing else"),
        ("json_schema", '{"n": 5, "m": 6}', {"schema": SCHEMA}, "At m: is not a known field"),
        ("regex", "No number.", {"pattern": "[0-9]+ EUR"}, "must match the pattern [0-9]+ EUR"),
        ("regex", "12 EUR", {"pattern": "EUR", "must": "not occur"}, "Nothing in the answer may match"),
        ("regex", "None.", {"pattern": "[0-9]", "says": "Name the price."}, "Name the price."),
        ("regex", "a" * 50_000, {"pattern": "^(a+)+b$"}, "must match the pattern"),
        ("language", ENGLISH * 2, {"code": "de"}, "must be in German"),
    ],
)
def test_a_check_says_what_is_wrong(check: str, text: str, settings: dict[str, JsonValue], says: str) -> None:
    assert says in " ".join(complaints(check, text, settings, frozenset({1, 2})))


def test_an_issue_about_a_secret_does_not_repeat_it() -> None:
    secret = "sk-" + "a1" * 20
    assert secret not in " ".join(complaints("secrets", f"The key is {secret}.", {}))


@pytest.mark.parametrize(
    ("check", "settings"),
    [
        ("banned", {}),
        ("required", {}),
        ("json_schema", {}),
        ("language", {}),
        ("language", {"code": "xx"}),
        ("json_schema", {"schema": {"type": "nothing"}}),
        ("json_schema", {"schema": {"$ref": "https://elsewhere.example/s.json"}}),
        ("regex", {"pattern": "("}),
        ("regex", {"pattern": "(?=a)b"}),
        ("regex", {"pattern": "a", "must": "perhaps"}),
        ("length", {"minimum": 5, "maximum": 4}),
        ("banned", {"phrases": [""]}),
        ("length", {"max": 5}),
        ("citations", {"minimum": -1}),
    ],
)
def test_settings_that_are_missing_or_misspelt_are_an_error(check: str, settings: dict[str, JsonValue]) -> None:
    with pytest.raises(ValidationError):
        complaints(check, "text", settings)


class Least(Settings):
    words: int = 1


def wordy(draft: Draft, settings: Least) -> list[str]:
    """A check of somebody's own."""
    return [] if len(draft.text.split()) >= settings.words else [f"Write {settings.words} words."]


def breaking(draft: Draft, settings: Least) -> list[str]:
    """A check with a fault."""
    raise ZeroDivisionError(f"{len(draft.text)} {settings.words}")


def endless(draft: Draft, settings: Least) -> Iterator[str]:
    """A check that never has enough."""
    while True:
        yield draft.text * settings.words


def no_check(text: str) -> str:
    return text


HERE = __name__


def test_an_own_check_has_typed_settings_like_any_other() -> None:
    assert complaints(f"{HERE}:wordy", "One two.", {"words": 3}) == ["Write 3 words."]
    assert complaints(f"{HERE}:wordy", "One two three.", {"words": 3}) == []
    with pytest.raises(ValidationError):
        complaints(f"{HERE}:wordy", "One.", {"letters": 3})


@pytest.mark.parametrize("name", [f"{HERE}:no_check", f"{HERE}:nothing", "no.module:at_all", "os:system", ":", "os:"])
def test_code_that_is_no_check_is_an_error(name: str) -> None:
    with pytest.raises(UnknownCheck):
        complaints(name, "text", {})


def test_an_own_check_that_breaks_lets_nothing_through_and_ends_no_run() -> None:
    world = World([says("Tea.")] * 3, spec_of(checks=[(f"{HERE}:breaking", {})]))
    ending = world.start()
    assert ending.state == "flagged"
    assert "broke: ZeroDivisionError" in ending.reason


def test_an_own_check_that_never_ends_is_heard_so_far_and_no_further() -> None:
    said = complaints(f"{HERE}:endless", "tea" * 1_000, {})
    assert len(said) == MOST_PROBLEMS
    assert max(map(len, said)) <= MOST_PROBLEM_CHARACTERS


@pytest.mark.parametrize("code", COMMONEST)
def test_each_language_is_told_from_the_others(code: Code) -> None:
    text = " ".join([*COMMONEST[code], *["xyzzy"] * 20])
    for other in COMMONEST:
        assert bool(complaints("language", text, {"code": other})) == (other != code)


def test_an_unknown_check_is_an_error_that_names_the_known_ones() -> None:
    assert critic.content_checks.length is not None
    with pytest.raises(UnknownCheck, match="citations"):
        complaints("beauty", "text", {})


def test_a_citation_counts_only_when_the_source_was_really_read() -> None:
    script: Script = [asks(call("look_up", text="tea")), says("Tea [1] and [2]."), says("Tea [1].")]
    world = World(script, spec_of(checks=[("citations", {})]))
    ending = world.start()
    assert (ending.state, ending.answer) == ("completed", "Tea [1].")
    assert [event.data["accepted"] for event in world.journal.kinds("verdict.given")] == [False, True]


def test_a_rejected_draft_goes_back_with_its_issues() -> None:
    spec = spec_of(checks=[("required", {"phrases": ["tea"]}), ("length", {"minimum": 9})])
    world = World([says("Cup."), says("A cup of tea.")], spec)
    assert world.start().answer == "A cup of tea."
    revise = world.llm.requests[1].messages[-1]
    assert isinstance(revise, UserMessage)
    assert "must contain “tea”" in revise.text
    assert "needs at least 9" in revise.text


def test_after_two_revisions_the_best_draft_is_returned_with_a_flag() -> None:
    drafts: Script = [says("Tea."), says("Tea, cup."), says("Pot."), says("Tea, cup, pot.")]
    world = World(drafts, spec_of(checks=[("required", {"phrases": ["tea", "cup", "pot"]})]))
    ending = world.start()
    assert (ending.state, ending.answer) == ("flagged", "Tea, cup.")
    assert len(world.llm.requests) == 3
    assert "must contain “tea”" in ending.reason


def test_the_critic_speaks_once_of_each_draft_also_when_the_run_is_paused_after_it() -> None:
    world = World([says("Tea.")])
    world.journal.pause_at = 2
    assert world.start().state == "paused"
    world.journal.pause_at = 0
    assert world.start().state == "completed"
    assert len(world.journal.kinds("verdict.given")) == 1
    assert len(world.llm.requests) == 1
