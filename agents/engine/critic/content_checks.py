"""Checks of what a draft says: citations, length, phrases, links, secrets, patterns, JSON."""

import json
import re
from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, JsonValue, field_validator, model_validator

from agents.contracts.base import JsonObject
from agents.engine.critic.registry import Draft, Settings, check
from agents.secrets.formats import found_in
from agents.tools import patterns, schema_complaints
from agents.tools.schema import check_schema, schema_of

CITATION = re.compile(r"\[(\d{1,4})\]")
LINK = re.compile(r"https?://[^\s)>\]\"']+", re.IGNORECASE)
REDACTED = "[redacted "
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

    @model_validator(mode="after")
    def _can_be_met(self) -> Self:
        if self.minimum > self.maximum:
            raise ValueError("minimum is more than maximum")
        return self


@check("length", Length)
def length(draft: Draft, settings: Length) -> Iterator[str]:
    """Characters within bounds."""
    size = len(draft.text.strip())
    if size < settings.minimum:
        yield f"The answer has {size} characters and needs at least {settings.minimum}."
    if size > settings.maximum:
        yield f"The answer has {size} characters and may have at most {settings.maximum}."


class Phrases(Settings):
    phrases: tuple[Annotated[str, Field(min_length=1, max_length=200)], ...] = Field(min_length=1, max_length=200)


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
    for kind in sorted({name for *_, name in found_in(draft.text)}):
        yield f"The answer contains what looks like {'an' if kind[0] in 'AO' else 'a'} {kind}; leave it out."
    if REDACTED in draft.text:
        yield f"The answer contained a secret, which was taken out of it ({REDACTED}...]); say it without."


class Pattern(Settings):
    """``must``: whether the pattern has to occur or must not. ``says``: what the LLM is told instead of the usual."""

    pattern: str = Field(min_length=1)
    must: Literal["occur", "not occur"] = "occur"
    says: str = ""

    @field_validator("pattern")
    @classmethod
    def _can_be_used(cls, pattern: str) -> str:
        patterns.compiled(pattern)
        return pattern


@check("regex", Pattern)
def regex(draft: Draft, settings: Pattern) -> Iterator[str]:
    """A pattern occurs in the answer, or does not; in time that grows with the answer alone."""
    occurs = patterns.occurs(settings.pattern, draft.text)
    if occurs and settings.must == "not occur":
        yield settings.says or f"Nothing in the answer may match the pattern {settings.pattern}."
    if not occurs and settings.must == "occur":
        yield settings.says or f"Something in the answer must match the pattern {settings.pattern}."


class JsonSchema(Settings):
    # ``schema`` is a name that pydantic's own base class has taken.
    schema_: JsonObject = Field(alias="schema")

    @field_validator("schema_")
    @classmethod
    def _can_be_used(cls, schema: JsonObject) -> JsonObject:
        check_schema(schema)
        return schema


@check("json_schema", JsonSchema)
def json_schema(draft: Draft, settings: JsonSchema) -> Iterator[str]:
    """The whole answer is JSON of this schema, which is as closed and as strict as that of a tool."""
    schema = schema_of(settings.schema_)
    try:
        value: JsonValue = json.loads(draft.text)
        errors = schema.errors(value)
    except (ValueError, RecursionError) as error:
        yield f"The answer must be JSON and nothing else: {error}."
        return
    for wrong in schema_complaints.own_faults(errors, schema.fields)[:MAX_ERRORS_SHOWN]:
        told = schema_complaints.complaint(wrong, schema.fields)
        accepted = json.dumps(told["accepted"], ensure_ascii=False)
        yield f"At {told['path'] or 'the top'}: {told['problem']}; accepted: {accepted}."
