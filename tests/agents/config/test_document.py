"""Unknown keys and bad values are errors at their place, all of them at once."""

import re

import pytest

from agents.config.content import Price, PriceKey, TierKey
from agents.config.document import parse
from agents.config.faults import Refused
from budgets.pricing import LongContextTier, Rates, TokenRates
from tests.architecture.source import ROOT

USD = 10**9

TIER = "tiers:\n  acme:\n    free-chat:\n      "
TENANT = "tiers:\n  acme:\n    all surfaces:\n      "
USER = "tiers:\n  acme:\n    free-chat:\n      users:\n        ann:\n          "
PRICE = "prices:\n  openai:x:\n    - effective_from: 2026-01-01\n      output: 1\n      "
TOOL = "tools:\n  look:\n    description: Look.\n    implementations:\n      - name: x\n        target: a.b:c\n    "
AGENT = "agents:\n  desk:\n    title: Desk\n    purpose: p\n    system_prompt: s\n    llms: [rehearsal:search]\n    "

WRONG = {
    # Sections and names
    "tierz: {}": "1:1: tierz: There is no such section; only: tenants, surfaces, tiers, prices, tools, agents.",
    "tiers:": "1:7: tiers: Settings belong here",
    "tiers: []": "1:8: tiers: Settings belong here",
    "<<: {a: b}": "1:1: <<: There is no such section",
    "tenants:\n  ac me: {name: A, timezone: UTC}": '2:3: tenants.ac me: "ac me" is no name for an address',
    "tenants:\n  acme: {name: '', timezone: UTC}": '2:16: tenants.acme.name: "" cannot stand here',
    "tenants:\n  acme: {name: A}": "2:3: tenants.acme.timezone: This is missing.",
    "tenants:\n  acme: {name: A, timezone: Mars/Base}": "2:29: tenants.acme.timezone: 'Mars/Base' is not a known",
    "tenants:\n  acme: {name: A, timezone: ../../etc/passwd}": "is not a known time zone",
    "tenants:\n  acme: {name: A, timezone: Europe/}": "is not a known time zone",
    "tenants:\n  acme: {name: A, timezone: UTC, limit: 3}": "There is no such key; only: name, timezone.",
    "surfaces:\n  acme:\n    chat: {nam: x}": "3:12: surfaces.acme.chat.nam: There is no such key; did you mean name?",
    "surfaces:\n  acme: [chat]": "2:9: surfaces.acme: Settings belong here",
    # Amounts
    TIER + 'run: "1,50"': '4:12: tiers.acme.free-chat.run: "1,50" is not an amount. Use a point for decimals',
    TIER + "run: -1": "An amount cannot be negative.",
    TIER + "run: .nan": '".nan" is not an amount.',
    TIER + "run: .inf": '".inf" is not an amount.',
    TIER + "run: 1e400": '"1e400" is not an amount.',
    TIER + "run: 1e-3": '"1e-3" is not an amount.',
    TIER + "run: 0x10": '"0x10" is not an amount.',
    TIER + "run: 1_000": '"1_000" is not an amount.',
    TIER + "run: 0.0000000001": "Use at most 9 decimals.",
    TIER + "run: 9999999999": "The largest amount is 1000000000 US dollars.",
    TIER + "run:": '"" is not an amount. Enter an amount',
    TIER + "run: null": '"null" is not an amount.',
    TIER + "run: [1]": "One value belongs here, not several.",
    TIER + "run: {usd: 1}": "One value belongs here, not several.",
    TIER + 'run: "1\\n2"': '"1 2" is not an amount.',
    # Settings
    TIER + "rum: 1": "4:7: tiers.acme.free-chat.rum: There is no such key; did you mean run?",
    TIER + "run_nanos: 1": "There is no such key",
    TIER + "user_day: 5": "F:4:17: tiers.acme.free-chat.user_day: ",
    USER + "thresholds: [50]": "F:6:23: tiers.acme.free-chat.users.ann.thresholds: ",
    TIER + "turns: 2.5": '"2.5" is not a whole number.',
    TIER + "turns: -3": '"-3" is not a whole number.',
    TIER + "turns: 0": "tiers.acme.free-chat.turns: Input should be greater than or equal to 1.",
    TIER + "turns: 9999999999999999999999": "is not a whole number.",
    TIER + "seconds: 1000001": "Input should be less than or equal to 1000000.",
    TIER + "at_cap: explode": "Input should be 'stop' or 'pause'.",
    TIER + "allowed_llms: openai:*": "A list belongs here.",
    TIER + 'allowed_llms: [""]': "String should have at least 1 character.",
    TENANT + "thresholds: [50, 101]": "Input should be less than or equal to 100.",
    TENANT + "thresholds: [half]": '4:20: tiers.acme.all surfaces.thresholds.0: "half" is not a whole number.',
    TIER + "users: {'': {run: 1}}": "cannot stand here",
    TIER + "users: {ann: 5}": "Settings belong here",
    USER + "users: {}": "There is no such key",
    # Prices
    PRICE + "input: free": '5:14: prices.openai:x.0.input: "free" is not an amount.',
    PRICE + "input: none": '"none" is not an amount.',
    PRICE + "input: 1000001": '"1000001" is not a price: the largest is 1000000 USD.',
    PRICE + "inputs: 1": "prices.openai:x.0.inputs: There is no such key; did you mean input?",
    PRICE + "note: x": "prices.openai:x.0.input: This is missing.",
    "prices:\n  gpt: []": '2:3: prices.gpt: "gpt" has no price: write vendor:name, or tool:name.',
    "prices:\n  a:b: {input: 1}": "2:8: prices.a:b: A list belongs here.",
    "prices:\n  a:b: [{effective_from: today, input: 1, output: 1}]": '"today" is not a date',
    "prices:\n  a:b: [{effective_from: 2026-02-30, input: 1, output: 1}]": '"2026-02-30" is not a date',
    "prices:\n  a:b: [{effective_from: 2026-01-01T00:00:00, input: 1, output: 1}]": "with its time zone",
    PRICE + "input: 1\n      long_context: [{above_input_tokens: 5, input: 1, output: 1}, "
    "{above_input_tokens: 5, input: 1, output: 1}]": "long-context tiers must start at different lengths",
    PRICE + "input: 1\n    - {effective_from: 2026-01-01T01:00:00+01:00, input: 1, output: 1}": (
        "prices.openai:x.1.effective_from: Another version of this price begins at the same instant."
    ),
    "prices:\n  tool:x: [{effective_from: 2026-01-01, input: 1, per_request: 1}]": "There is no such key; only: ",
    "prices:\n  tool:x: [{effective_from: 2026-01-01}]": "prices.tool:x.0.per_request: This is missing.",
    "prices:\n  a:b: [{effective_from: 2026-01-01, listed: no}]": '"no" is refused: write true, or leave this out.',
    "prices:\n  a:b: [{effective_from: 2026-01-01, listed: true, input: 1}]": "prices.a:b.0.input: There is no",
    # Agents and tools
    TOOL + "effekt: pure": "7:5: tools.look.effekt: There is no such key; did you mean effect?",
    TOOL
    + "effect: pure": "6:17: tools.look.implementations.0.target: a.b:c cannot be used as a tool: ModuleNotFoundError",
    TOOL + "effect: maybe": "\"maybe\" is refused: input should be 'pure', 'keyed' or 'unkeyed'.",
    TOOL + "needs_approval: 1": "tools.look.needs_approval",
    TOOL + "volatile: x": "A list belongs here.",
    "tools:\n  look: {description: x, implementations: []}": "tools.look.implementations",
    "tools:\n  look: x": "2:9: tools.look: Settings belong here",
    "tools: [x]": "1:8: tools: Settings belong here",
    AGENT + "limits: {max_turn: 3}": "7:14: agents.desk.limits.max_turn: There is no such key; did you mean max_turns?",
    AGENT + "limits: {max_turns: 0}": "input should be greater than or equal to 1.",
    AGENT + "limits: {max_turns: '3'}": "agents.desk.limits.max_turns",
    AGENT + "limits: {max_turns: 99999999999999999999}": "is too large a number",
    AGENT + "memory: {soft_tokens: 9, hard_tokens: 8}": "soft_tokens is more than hard_tokens.",
    AGENT + "checks: [{check: x, settings: {a: 1e999}}]": '"1e999" is too large a number.',
    AGENT + "name: other": "agents.desk.name: The key above is the name; leave this out.",
    AGENT + "tools: look": "7:12: agents.desk.tools: A list of keys of tools belongs here.",
    AGENT + "example_task: 5": "Text belongs here; put it into quotes.",
    "agents:\n  desk: {title: x, llms: []}": "agents.desk.llms",
}


def faults(text: str) -> list[str]:
    """The faults of a file that is refused."""
    with pytest.raises(Refused) as refused:
        parse(text.encode())
    return [fault.in_file("F") for fault in refused.value.faults]


@pytest.mark.parametrize(("text", "said"), WRONG.items(), ids=[text.replace("\n", "/") for text in WRONG])
def test_what_is_wrong_is_said_at_its_place(text: str, said: str) -> None:
    found = faults(text)
    assert any(said in line for line in found), found
    assert not any("\n" in line for line in found)


def test_all_faults_are_told_at_once_in_the_files_order() -> None:
    text = "tenants:\n  acme: {name: A, timezone: Nowhere}\n"
    text += "tiers:\n  acme:\n    chat:\n      run: 1,50\n      turns: x\nmore: 1"
    assert [line.split(": ")[0] for line in faults(text)] == ["F:2:29", "F:6:12", "F:7:14", "F:8:1"]


def test_amounts_are_exact_as_written_with_and_without_quotes() -> None:
    text = TENANT + 'run: 0.10\n      session: "2.000000001"\n      tenant_day: none\n      user_day: 5'
    assert parse(text.encode()).content.tiers == {
        TierKey("acme"): {
            "run_nanos": USD // 10,
            "session_nanos": 2 * USD + 1,
            "tenant_day_nanos": None,
            "user_day_nanos": 5 * USD,
        }
    }


def test_a_place_with_users_only_says_nothing_of_its_own_tier() -> None:
    both = parse((TIER + "run: 1\n      users: {ann: {run: 2}, bob: {}}").encode()).content.tiers
    only = parse((TIER + "users: {ann: {run: 2}}").encode()).content.tiers
    empty = parse(b"tiers: {acme: {free-chat: {}}}").content.tiers
    assert list(both) == [
        TierKey("acme", "free-chat"),
        *(TierKey("acme", "free-chat", user) for user in ("ann", "bob")),
    ]
    assert list(only) == [TierKey("acme", "free-chat", "ann")]
    assert dict(empty) == {TierKey("acme", "free-chat"): {}}


def test_a_price_says_all_that_a_vendor_may_charge() -> None:
    text = PRICE + (
        "input: 3\n      cache_read: 0.30\n      reasoning: 20\n      per_request: 0.01\n      note: agreed\n"
        "      long_context: [{above_input_tokens: 200000, input: 6, output: 2}]"
    )
    ((key, price),) = parse(text.encode()).content.prices.items()
    assert key == PriceKey("openai:x", key.effective_from)
    assert key.effective_from.isoformat() == "2026-01-01T00:00:00+00:00"
    base = TokenRates(input=3 * USD, output=USD, cache_read=USD * 3 // 10, cache_write=3 * USD, reasoning=20 * USD)
    long = TokenRates(input=6 * USD, output=2 * USD, cache_read=6 * USD, cache_write=6 * USD)
    assert price.rates == Rates(base=base, per_request=USD // 100, tiers=(LongContextTier(200_000, long),))
    assert (price.source, price.note) == ("operator", "agreed")


def test_words_that_other_readers_take_for_something_else_stay_words() -> None:
    text = (
        AGENT.replace("title: Desk", "title: on") + "checks: [{check: banned, settings: {phrases: [yes, 2026-01-01]}}]"
    )
    agent = parse(text.encode()).content.agents["desk"].spec
    assert (agent.title, agent.checks[0].settings) == ("on", {"phrases": ["yes", "2026-01-01"]})


def test_the_example_of_the_documentation_lacks_only_its_code() -> None:
    example, *_parts = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "config.md").read_text("utf-8"), re.DOTALL)
    (fault,) = faults(example)
    assert fault.endswith("look_up cannot be used as a tool: ModuleNotFoundError: No module named 'shop'")


def test_a_tool_has_a_fee_and_the_public_list_can_hold_again() -> None:
    text = "prices:\n  tool:x: [{effective_from: 2026-01-01, per_request: 0.01}]\n"
    text += "  a:b: [{effective_from: 2026-01-01, listed: true, note: n}]"
    fee, listed = parse(text.encode()).content.prices.values()
    assert fee.rates == Rates.flat(input=0, output=0, per_request=USD // 100)
    assert listed == Price(None, note="n")
