"""The tools of the content agent, and the texts that its templates make."""

import pytest

from agents.contracts.calls import Call, ToolRefusal
from agents.library.content.brief import read_brief
from agents.library.content.drafting import fitted_draft
from agents.library.content.guidelines import BANNED_PHRASES, GuidelineArguments, brand_guidelines
from agents.library.content.measures import WORD, TextArguments, readability, syllable_count, word_count
from agents.library.rehearsal.conversation import number_at
from tests.agents.library.plain import plain_object


def test_words_and_sentences_are_counted(call: Call) -> None:
    text = "Title\n\nIt holds 1.7 litres. Don't drop it!\n"
    found = plain_object(word_count(TextArguments(text=text), call))
    assert found == {"words": 8, "characters": len(text), "sentences": 3, "paragraphs": 2}


def test_easy_text_reads_easier_than_hard_text(call: Call) -> None:
    easy = plain_object(readability(TextArguments(text="The dog ran home. It was wet."), call))
    hard = plain_object(
        readability(TextArguments(text="Organisational considerations necessitate comprehensive evaluation."), call)
    )
    assert number_at(easy, "reading_ease") > number_at(hard, "reading_ease")
    assert (easy["verdict"], hard["verdict"]) == ("easy", "hard")


def test_a_text_without_words_has_no_readability(call: Call) -> None:
    with pytest.raises(ToolRefusal, match="no words"):
        readability(TextArguments(text="!!! ..."), call)


@pytest.mark.parametrize(("word", "count"), [("dog", 1), ("kettle", 2), ("made", 1), ("harbour", 2), ("x", 1)])
def test_syllables(word: str, count: int) -> None:
    assert syllable_count(word) == count


def test_guidelines_name_what_is_banned_and_the_usual_length(call: Call) -> None:
    found = plain_object(brand_guidelines(GuidelineArguments(kind="post"), call))
    assert found["banned"] == [*BANNED_PHRASES]
    assert found["words"] == {"minimum": 40, "maximum": 100}


@pytest.mark.parametrize(
    ("task", "subject", "words"),
    [
        ("A product text of 60 to 90 words for the Enamel Kettle, please", "Enamel Kettle", (60, 90)),
        ("Write a post about our new Day Pack 32 L in at most 50 words", "Day Pack 32 L", (25, 50)),
        ('Announce the "Wool Blanket" in 100 words', "Wool Blanket", (80, 120)),
        ("Subject: winter hours\nat least 60 words", "winter hours", (60, 100)),
        ("write something nice", "", None),
        ("", "", None),
    ],
)
def test_a_brief_is_read(task: str, subject: str, words: tuple[int, int] | None) -> None:
    brief = read_brief(task)
    assert (brief.subject, brief.words) == (subject, words)


def test_points_come_from_bullets_or_from_a_list_in_a_sentence() -> None:
    assert read_brief("Kettle:\n- holds 1.7 litres\n- stays cool.").points == (
        "holds 1.7 litres",
        "stays cool",
    )
    assert read_brief("Mention that it holds 1.7 litres, and the cool handle.").points == (
        "it holds 1.7 litres",
        "the cool handle",
    )


@pytest.mark.parametrize("words", [(40, 60), (60, 90), (80, 120), (20, 30), (90, 140)])
def test_a_fitted_draft_has_the_length_asked_for(words: tuple[int, int]) -> None:
    brief = read_brief("A product text for the Enamel Kettle. Mention that it holds 1.7 litres, a cool handle.")
    facts = ["You can send anything back within 30 days.", "Our workshop mends what wears out."]
    assert words[0] <= len(WORD.findall(fitted_draft(brief, facts, (), words))) <= words[1]
