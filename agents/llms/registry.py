"""Finds the LLM that a reference such as ``openai:gpt-6-luna`` names, and says which vendors have keys."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module

from agents.contracts.llms import LLMError
from agents.llms.llm import LLM

Factory = Callable[[str, Mapping[str, str]], LLM]


@dataclass(frozen=True)
class Vendor:
    """A vendor: the import string of its factory, and the environment variables that it cannot do without."""

    factory: str
    needs: tuple[str, ...] = ()


# Import strings, because a vendor's library takes seconds to import: web and worker start without them.
VENDORS: Mapping[str, Vendor] = {
    "rehearsal": Vendor("agents.llms.rehearsal:rehearsal_llm"),
    "openai": Vendor("agents.llms.openai_vendor:chat_llm", ("OPENAI_API_KEY",)),
    "openai-responses": Vendor("agents.llms.openai_vendor:responses_llm", ("OPENAI_API_KEY",)),
    "anthropic": Vendor("agents.llms.anthropic_vendor:messages_llm", ("ANTHROPIC_API_KEY",)),
    # Any server with OpenAI's chat completions; COMPATIBLE_API_KEY is optional, local servers want none.
    "compatible": Vendor("agents.llms.openai_vendor:compatible_llm", ("COMPATIBLE_BASE_URL",)),
}


_sources: list[Callable[[], Mapping[str, str]]] = [lambda: os.environ]


def take_keys_from(source: Callable[[], Mapping[str, str]]) -> None:
    """Where ``resolve`` looks keys up from now on: this module knows of no database, and a worker's vault has one."""
    _sources[:] = [source]


def split_reference(llm: str) -> tuple[str, str]:
    """Vendor and name of a reference. Raises LLMError "not_found" for anything else."""
    vendor, colon, name = llm.partition(":")
    if vendor not in VENDORS or not colon or not name.strip():
        known = ", ".join(sorted(VENDORS))
        said = f"{llm[:100]!r} names no LLM: write vendor:name, with a vendor of {known}."
        raise LLMError("not_found", said, may_be_billed=False)
    return vendor, name.strip()


def missing(vendor: str, environ: Mapping[str, str]) -> list[str]:
    """What a vendor still needs, by its name as a secret or in the environment."""
    return [name for name in VENDORS[vendor].needs if not environ.get(name, "").strip()]


def available(environ: Mapping[str, str]) -> list[str]:
    """The vendors that can be called with what the environment holds, the rehearsal first."""
    return [vendor for vendor in VENDORS if not missing(vendor, environ)]


def resolve(llm: str, environ: Mapping[str, str] | None = None) -> LLM:
    """The LLM behind a reference; keys and base URLs come from ``environ``, else from where this process has them.

    The first call for a vendor imports its library, which takes seconds: call this outside the event loop.
    Raises LLMError "not_found" for what names no LLM, "authentication" when a variable is not set.
    """
    environ = _sources[-1]() if environ is None else environ
    vendor, name = split_reference(llm)
    if absent := missing(vendor, environ):
        said = f"Set the secret or the environment variable {absent[0]} to use {vendor} LLMs."
        raise LLMError("authentication", said, may_be_billed=False)
    return factory_of(vendor)(name, environ)


def factory_of(vendor: str) -> Factory:
    """The function that makes a vendor's LLMs, imported on first use."""
    module, _, attribute = VENDORS[vendor].factory.partition(":")
    factory: Factory = getattr(import_module(module), attribute)
    return factory
