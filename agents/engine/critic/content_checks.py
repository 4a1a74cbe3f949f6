"""Checks of what a draft says: citations, length, phrases, links, secrets, language, JSON."""

import json
import re
from collections.abc import Iterator

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from pydantic import Field, JsonValue

from agents.engine.critic.registry import Draft, Settings, check

CITATION = re.compile(r"\[(\d{1,4})\]")
LINK = re.compile(r"https?://[^\s)>\]\"']+", re.IGNORECASE)
SECRETS = {
    "an OpenAI key": re.compile(r"\bsk-[A-Za-z0-9_-]{20,}"),
    "an Anthropic key": re.compile(r"\bsk-ant-[A-Za-z0-9_-]{20,}"),
    "an AWS key": re.compile(r"\bAKIA[0-9A-Z]{16}\b"),
    "a GitHub token": re.compile(r"\bgh[pousr]_[A-Za-z0-9]{30,}"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "a bearer token": re.compile(r"\bBearer\s+[A-Za-z0-9._~+/-]{20,}"),
}
ENGLISH = frozenset(
    ("the", "of", "and", "to", "in", "is", "that", "for", "it", "with", "as", "was", "on", "be", "at", "by", "this")
)
MAX_ERRORS_SHOWN = 5


class Citations(Settings):
    minimum: int = Field(default=1, ge=0)


@check("citations", Citations)
def citations(draft: Draft, settings: Citations) -> Iterator[str]:
    """Each [n] points to a source that was read, and there are enough of them.

    Whoever looked and found nothing to read may say so without a citation; whoever never looked may not.
    """
    cited = {int(number) for number in CITATION.findall(draft.text)}
    for number in sorted(cited - draft.source_numbers):
        known = ", ".join(f"[{n}]" for n in sorted(draft.source_numbers)) or "none"
        yield f"[{number}] cites a source that was not read; sources read: {known}."
    real = len(cited & draft.source_numbers)
    nothing_there = draft.calls_answered > 0 and not draft.source_numbers
    if real < settings.minimum and not nothing_there:
        yield f"The answer cites {real} source(s) it has read and needs {settings.minimum}, written as [n]."


class Length(Settings):
    minimum: int = Field(default=1, ge=0)
    maximum: int = Field(default=10_000, ge=1)


@check("length", Length)
def length(draft: Draft, settings: Length) -> Iterator[str]:
    """Characters within bounds."""
    size = len(draft.text.strip())
    if size < settings.minimum:
        yield f"The answer has {size} characters and needs at least {settings.minimum}."
    if size > settings.maximum:
        yield f"The answer has {size} characters and may have at most {settings.maximum}."


class Phrases(Settings):
    phrases: tuple[str, ...]


def _contains(text: str, phrase: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", text, re.IGNORECASE) is not None


@check("banned", Phrases)
def banned(draft: Draft, settings: Phrases) -> Iterator[str]:
    """None of these phrases, as whole words in any case."""
    for phrase in settings.phrases:
        if _contains(draft.text, phrase):
            yield f"The phrase “{phrase}” must not be used."


@check("required", Phrases)
def required(draft: Draft, settings: Phrases) -> Iterator[str]:
    """All of these phrases, as whole words in any case."""
    for phrase in settings.phrases:
        if not _contains(draft.text, phrase):
            yield f"The answer must contain “{phrase}”."


class Links(Settings):
    allowed_hosts: tuple[str, ...] = ()


@check("links", Links)
def links(draft: Draft, settings: Links) -> Iterator[str]:
    """Links only to allowed hosts; LLMs invent addresses."""
    for link in LINK.findall(draft.text):
        host = link.split("/", 3)[2].rpartition("@")[2].partition(":")[0].lower()
        if host not in settings.allowed_hosts:
            yield f"The link {link[:120]} is not to an allowed site; leave it out."


class NoSettings(Settings):
    pass


@check("secrets", NoSettings)
def secrets(draft: Draft, settings: NoSettings) -> Iterator[str]:
    """Nothing that looks like a credential; the issue does not repeat it."""
    del settings
    for name, pattern in SECRETS.items():
        if pattern.search(draft.text):
            yield f"The answer contains what looks like {name}; leave it out."


class Language(Settings):
    code: str = Field(pattern="^en$")
    least_share: float = Field(default=0.05, gt=0, lt=1)


@check("language", Language)
def language(draft: Draft, settings: Language) -> Iterator[str]:
    """English by its commonest words; short texts are let through, since they prove nothing."""
    words = re.findall(r"[^\W\d_]+", draft.text.lower())
    if len(words) >= 30 and sum(word in ENGLISH for word in words) / len(words) < settings.least_share:
        yield "The answer must be in English."


class JsonSchema(Settings):
    # ``schema`` is a name that pydantic's own base class has taken.
    schema_: dict[str, JsonValue] = Field(alias="schema")


@check("json_schema", JsonSchema)
def json_schema(draft: Draft, settings: JsonSchema) -> Iterator[str]:
    """The whole answer is JSON of this schema."""
    try:
        value = json.loads(draft.text)
        Draft202012Validator.check_schema(settings.schema_)
    except ValueError as error:
        yield f"The answer must be JSON and nothing else: {error}."
        return
    except SchemaError as error:
        yield f"The agent's own JSON Schema is not valid: {error.message[:200]}."
        return
    for wrong in list(Draft202012Validator(settings.schema_).iter_errors(value))[:MAX_ERRORS_SHOWN]:
        yield f"At {wrong.json_path}: {wrong.message[:200]}."
