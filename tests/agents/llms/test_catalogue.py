"""What the launch form offers."""

import pytest

from agents.llms import performance
from agents.llms.catalogue import label_of, offers
from tests.agents.llms import weather_policy


@pytest.fixture(autouse=True)
def _weather(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(performance, "LIBRARY_POLICIES", weather_policy.LIBRARY)


def test_without_keys_there_are_rehearsals_only_and_they_say_so() -> None:
    offered = offers({})
    assert [offer.llm for offer in offered] == ["rehearsal:weather", "rehearsal:broken"]
    assert all(offer.is_rehearsal and offer.label.startswith("Rehearsal (no AI)") for offer in offered)


def test_a_key_brings_its_vendors_llms() -> None:
    real = [offer for offer in offers({"ANTHROPIC_API_KEY": "k"}) if not offer.is_rehearsal]
    assert real
    assert all(offer.llm.startswith("anthropic:") and offer.label.startswith("Anthropic ") for offer in real)


def test_labels_of_references() -> None:
    assert label_of("rehearsal:search+loop") == "Rehearsal (no AI): search+loop"
    assert label_of("compatible:qwen2.5:7b") == "OpenAI-compatible server qwen2.5:7b"
