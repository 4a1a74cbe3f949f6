"""Two versions of an agent are compared part by part, in the words that people know the parts by."""

from agents.contracts.specs import AgentSpec, CheckSpec, LoopLimits, MemoryLimits, ToolSpec
from agents.library.search.agent import AGENT
from agents.library.support.email import SEND_EMAIL
from agents.spec_diff import Change, Line, changes, diff_lines


def edited(**parts: object) -> AgentSpec:
    return AGENT.model_copy(update=parts)


def test_the_same_spec_has_no_changes() -> None:
    assert changes(AGENT, edited()) == []


def test_a_changed_chain_is_shown_in_its_order() -> None:
    assert changes(AGENT, edited(llms=("a:b", "c:d"))) == [Change("LLM chain", " → ".join(AGENT.llms), "a:b → c:d")]


def test_instructions_are_compared_line_by_line() -> None:
    (change,) = changes(edited(system_prompt="one\ntwo\nthree"), edited(system_prompt="one\n2\nthree"))
    assert change.part == "Instructions"
    assert change.lines == [
        Line("@", ""),
        Line(" ", "one"),
        Line("-", "two"),
        Line("+", "2"),
        Line(" ", "three"),
    ]


def test_lines_that_begin_like_a_header_are_lines() -> None:
    assert [line for line in diff_lines("a", "++ b\n-- c") if line.sign == "+"] == [
        Line("+", "++ b"),
        Line("+", "-- c"),
    ]


def test_tools_are_given_taken_away_and_changed() -> None:
    before = AGENT.tools[0]
    after = before.model_copy(update={"needs_approval": True})
    given = changes(edited(tools=(before,)), edited(tools=(before, SEND_EMAIL)))
    assert given == [Change(f"Tool {SEND_EMAIL.name}", "", "given")]
    assert changes(edited(tools=(before, SEND_EMAIL)), edited(tools=(before,)))[0].after == "taken away"
    (changed,) = changes(edited(tools=(before,)), edited(tools=(after,)))
    assert [line.text.strip() for line in changed.lines if line.sign == "+"] == ['"needs_approval": true,']


def test_checks_and_numbers_are_named() -> None:
    before = edited(checks=(CheckSpec(check="secrets"),), limits=LoopLimits(max_turns=5), memory=MemoryLimits())
    after = edited(
        checks=(CheckSpec(check="length", settings={"maximum": 9}),),
        limits=LoopLimits(max_turns=6),
        memory=MemoryLimits(soft_tokens=1_000),
    )
    assert changes(before, after) == [
        Change("Check", "secrets", ""),
        Change("Check", "", 'length {"maximum": 9}'),
        Change("Memory: soft tokens", "24,000", "1,000"),
        Change("Limit: max turns", "5", "6"),
    ]


def test_a_tool_of_any_kind_can_be_compared() -> None:
    spec = ToolSpec.model_validate(
        {
            "name": "look",
            "description": "",
            "parameters": {"type": "object"},
            "implementations": [{"name": "web", "kind": "http", "http": {"url": "https://shop.example/"}}],
        }
    )
    assert changes(edited(tools=()), edited(tools=(spec,))) == [Change("Tool look", "", "given")]
