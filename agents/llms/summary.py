"""The rehearsal's summary policy: it keeps the first sentences of each old observation, and adds no word."""

import json
import re
from collections.abc import Iterator

from pydantic import JsonValue

from agents.contracts.base import JsonObject
from agents.contracts.llms import ToolSchema
from agents.contracts.messages import AssistantMessage, UserMessage
from agents.llms.policy import Conversation
from agents.llms.result_text import compact

MAX_CHARACTERS = 600
SENTENCES_KEPT = 2
SENTENCE_CHARACTERS = 160
SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


def summary_policy(conversation: Conversation, tools: tuple[ToolSchema, ...]) -> AssistantMessage:
    """Summarise the user's last message: each observation of a JSON object by its key, or plain text."""
    del tools
    asked = next((message.text for message in reversed(conversation) if isinstance(message, UserMessage)), "")
    observations = observations_in(asked)
    if observations is None:
        return AssistantMessage(text=extract(asked) or "There is nothing to summarise.")
    return AssistantMessage(text=compact({key: extract(value) or "empty" for key, value in observations.items()}))


def observations_in(text: str) -> JsonObject | None:
    """The observations by call id, when the text is the JSON object in which the runtime hands them over."""
    try:
        parsed = json.loads(text)
    except ValueError:
        return None
    return parsed if isinstance(parsed, dict) else None


def extract(value: JsonValue) -> str:
    """The first sentences of every text in a value, each named by its key, within the limit of a summary."""
    kept, room = [], MAX_CHARACTERS
    for key, text in texts_in(value):
        line = f"{key}: {first_sentences(text)}" if key else first_sentences(text)
        if len(line) > room:
            break
        kept.append(line)
        room -= len(line) + 2
    return "; ".join(kept)


def texts_in(value: JsonValue, key: str = "") -> Iterator[tuple[str, str]]:
    """Every text and number of a value, depth first, with the key it stands under."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from texts_in(each, name)
    elif isinstance(value, list):
        for each in value:
            yield from texts_in(each, key)
    elif isinstance(value, str):
        yield from ((key, block) for block in value.split("\n\n") if block.strip())
    elif value is not None:
        yield key, json.dumps(value)


def first_sentences(text: str) -> str:
    """The first sentences of a text on one line."""
    first = " ".join(SENTENCE_END.split(" ".join(text.split()))[:SENTENCES_KEPT])
    return first if len(first) <= SENTENCE_CHARACTERS else first[: SENTENCE_CHARACTERS - 1].rstrip() + "…"
