"""Which LLMs the launch form offers: rehearsals always, a vendor's once its key is set."""

from collections.abc import Mapping
from dataclasses import dataclass

from agents.llms.performance import OWN, policies
from agents.llms.registry import available

# Suggestions only, any name may be typed; these are the names that pydantic-ai 2.68 lists as known.
NAMES: Mapping[str, tuple[str, ...]] = {
    "anthropic": ("claude-sonnet-5-5", "claude-haiku-5-5", "claude-opus-5-5", "claude-haiku-4-5"),
    "openai": ("gpt-6.1-terra", "gpt-6-luna", "gpt-6.1-sol", "gpt-5.6-luna"),
    "openai-responses": ("gpt-6.1-terra", "gpt-6-luna", "gpt-6.1-sol", "gpt-5.6-luna"),
}
VENDOR_LABELS: Mapping[str, str] = {
    "anthropic": "Anthropic",
    "openai": "OpenAI",
    "openai-responses": "OpenAI (responses)",
    "compatible": "OpenAI-compatible server",
}


@dataclass(frozen=True)
class Offer:
    """One LLM to choose: its reference, and a label that says whether there is an AI behind it."""

    llm: str
    label: str
    is_rehearsal: bool


def offers(environ: Mapping[str, str]) -> list[Offer]:
    """What can be chosen with the keys that are set; the rehearsals come first, without those that answer no task."""
    rehearsed = [rehearsal_offer(name) for name in policies() if name not in OWN]
    vendors = [vendor for vendor in available(environ) if vendor in NAMES]
    real = [f"{vendor}:{name}" for vendor in vendors for name in NAMES[vendor]]
    return [*rehearsed, *(Offer(llm, label_of(llm), is_rehearsal=False) for llm in real)]


def rehearsal_offer(policy: str) -> Offer:
    """A rehearsal, which never passes for an AI."""
    return Offer(f"rehearsal:{policy}", f"Rehearsal (no AI): {policy.replace('-', ' ')}", is_rehearsal=True)


def label_of(llm: str) -> str:
    """How a reference is shown to people; a rehearsal always says that it is no AI."""
    vendor, _, name = llm.partition(":")
    if vendor == "rehearsal":
        return f"Rehearsal (no AI): {name}"
    return f"{VENDOR_LABELS.get(vendor, vendor)} {name}".strip()
