"""The tools that measure a draft: words, sentences, and how easily it reads."""

import re

from pydantic import Field, JsonValue

from agents.contracts.calls import Call, ToolRefusal
from agents.tools.define import Arguments, python_tool

WORD = re.compile(r"[^\W_]+(?:[\u2019'.,-][^\W_]+)*")
SENTENCE = re.compile(r"[.!?]+(?=\s|$)|\n+")
VOWELS = re.compile(r"[aeiouyäöüáéíóúàèìòù]+")
LONG_SENTENCE_WORDS = 25


class TextArguments(Arguments):
    text: str = Field(min_length=1, max_length=20_000, description="The draft to measure.")


def word_count(arguments: TextArguments, _call: Call) -> JsonValue:
    """Words, characters, sentences and paragraphs of a draft."""
    return {
        "words": len(WORD.findall(arguments.text)),
        "characters": len(arguments.text),
        "sentences": len(sentence_lengths(arguments.text)),
        "paragraphs": sum(bool(block.strip()) for block in arguments.text.split("\n\n")),
    }


def readability(arguments: TextArguments, _call: Call) -> JsonValue:
    """Flesch reading ease (0 hard to 100 easy) and the long sentences. Refuses a text without words."""
    words, lengths = WORD.findall(arguments.text), sentence_lengths(arguments.text)
    if not words:
        raise ToolRefusal("the text has no words to measure")
    syllables = sum(syllable_count(word) for word in words)
    ease = round(206.835 - 1.015 * len(words) / len(lengths) - 84.6 * syllables / len(words))
    return {
        "reading_ease": max(0, min(100, ease)),
        "verdict": "easy" if ease >= 70 else "plain" if ease >= 50 else "hard",
        "longest_sentence_words": max(lengths),
        "long_sentences": sum(length > LONG_SENTENCE_WORDS for length in lengths),
    }


def sentence_lengths(text: str) -> list[int]:
    """Words in each sentence; a line break ends a sentence too, so that titles count by themselves."""
    return [length for part in SENTENCE.split(text) if (length := len(WORD.findall(part)))]


def syllable_count(word: str) -> int:
    """Syllables of an English word, roughly: groups of vowels, less a silent e."""
    groups = len(VOWELS.findall(word.lower()))
    silent = word.lower().endswith("e") and not word.lower().endswith("le") and groups > 1
    return max(1, groups - silent)


WORD_COUNT = python_tool(
    "word_count",
    [word_count],
    description="Count words, characters, sentences and paragraphs of a draft; never by eye.",
)
READABILITY = python_tool(
    "readability",
    [readability],
    description="How easily an English draft reads: Flesch reading ease, and sentences over 25 words.",
)
