"""Drafts are mended by the critic's own words."""

import pytest

from agents.contracts.specs import CheckSpec
from agents.contracts.verdicts import Verdict
from agents.engine.critic.registry import Draft, judge
from agents.library.rehearsal.conversation import Source
from agents.library.rehearsal.revision import mend, shorten

SOURCES = (Source("a#1", "A", "text", 1), Source("b#1", "B", "text", 2))
SPARE = ("One more sentence to lengthen it.", "And yet another sentence to lengthen it.")


def verdict(text: str, check: CheckSpec) -> Verdict:
    """The critic's word on a text, where sources 1 and 2 were read."""
    return judge([check], Draft(text, frozenset({1, 2})))


@pytest.mark.parametrize(
    ("draft", "check"),
    [
        ("No citation here.", CheckSpec(check="citations", settings={"minimum": 1})),
        ("A wrong one [7].", CheckSpec(check="citations", settings={"minimum": 1})),
        ("Good [1] and bad [9].", CheckSpec(check="citations", settings={"minimum": 1})),
        (
            "As an AI, I say so.",
            CheckSpec(check="banned", settings={"phrases": ["as an AI", "excited to cite"]}),
        ),
        ("We are excited to cite you.", CheckSpec(check="banned", settings={"phrases": ["excited to cite"]})),
        ("Nothing of it.", CheckSpec(check="required", settings={"phrases": ["Harbour & Pine", "the link"]})),
        ("One. Two. " * 30, CheckSpec(check="length", settings={"maximum": 50})),
        ("x" * 90, CheckSpec(check="length", settings={"maximum": 50})),
        ("Short.", CheckSpec(check="length", settings={"minimum": 60})),
        ("See https://evil.test/a?b=c now.", CheckSpec(check="links")),
        ("Key sk-abcdefghijklmnopqrstuvwx1234 ok.", CheckSpec(check="secrets")),
    ],
)
def test_one_complaint_is_answered_in_one_go(draft: str, check: CheckSpec) -> None:
    rejected = verdict(draft, check)
    assert not rejected.accepted
    complaint = "Revise your answer.\n" + "\n".join(f"- {issue.text}" for issue in rejected.issues)
    mended = mend(draft, complaint, SOURCES, spare=SPARE)
    assert verdict(mended, check).accepted


def test_an_unknown_complaint_changes_nothing() -> None:
    assert mend("A draft [1].", "- The answer must be in English.", SOURCES) == "A draft [1]."


def test_without_sources_no_citation_is_invented() -> None:
    assert mend("A draft.", "- The answer cites 0 source(s) and needs 1.", ()) == "A draft."


def test_shortening_keeps_whole_sentences_and_paragraphs() -> None:
    assert shorten("One two.\n\nThree four. Five six.", limit=22) == "One two.\n\nThree four."
