"""The summary policy: shorter, in the shape it was asked for, and with no word of its own."""

import json

from agents.contracts.messages import SystemMessage, UserMessage
from agents.llms.summary import MAX_CHARACTERS, summary_policy


def summarised(text: str) -> str:
    """The summary of a user message."""
    return summary_policy((SystemMessage(text="Summarise."), UserMessage(text=text)), ()).text


def test_observations_are_summarised_one_by_one() -> None:
    listing = {
        "call_1": {
            "tool": "search",
            "result": {"source": "s1", "text": "Oslo is cold. It snows. Nobody swims."},
        },
        "call_2": {"tool": "stock", "result": [{"sku": "A-1", "left": 4}]},
    }
    summary = json.loads(summarised(json.dumps(listing)))
    assert summary == {
        "call_1": "tool: search; source: s1; text: Oslo is cold. It snows.",
        "call_2": "tool: stock; sku: A-1; left: 4",
    }


def test_a_summary_is_bounded_and_never_empty() -> None:
    summary = json.loads(summarised(json.dumps({"a": ["word " * 500] * 50, "b": ""})))
    assert 0 < len(summary["a"]) <= MAX_CHARACTERS
    assert summary["b"] == "empty"
    assert summarised("") == "There is nothing to summarise."


def test_plain_text_is_summarised_as_text() -> None:
    assert summarised("One. Two. Three.\n\nFour. Five. Six.") == "One. Two.; Four. Five."
