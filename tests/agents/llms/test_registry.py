"""References to LLMs: which exist, what they need, and that nothing heavy is imported before it is used."""

import subprocess
import sys

import pytest

from agents.contracts.llms import LLMError
from agents.llms.registry import VENDORS, available, resolve
from tests.agents.llms.stub_vendor import environ_for


@pytest.mark.parametrize("llm", ["", "gpt-6", "nobody:gpt-6", "openai:", "openai: ", ":x"])
def test_what_names_no_llm_is_not_found(llm: str) -> None:
    with pytest.raises(LLMError, match="vendor:name") as caught:
        resolve(llm, {})
    assert caught.value.kind == "not_found"


@pytest.mark.parametrize(
    ("vendor", "variable"),
    [
        ("openai", "OPENAI_API_KEY"),
        ("openai-responses", "OPENAI_API_KEY"),
        ("anthropic", "ANTHROPIC_API_KEY"),
        ("compatible", "COMPATIBLE_BASE_URL"),
    ],
)
def test_a_missing_key_is_named(vendor: str, variable: str) -> None:
    with pytest.raises(LLMError, match=variable) as caught:
        resolve(f"{vendor}:some", {variable: "  "})
    assert caught.value.kind == "authentication"


def test_available_lists_the_rehearsal_always_and_others_with_their_keys() -> None:
    assert available({}) == ["rehearsal"]
    assert available({"OPENAI_API_KEY": "k"}) == ["rehearsal", "openai", "openai-responses"]
    assert available(environ_for(1)) == list(VENDORS)


@pytest.mark.parametrize("vendor", list(VENDORS))
def test_every_vendor_resolves_with_its_variables_set(vendor: str) -> None:
    assert callable(resolve(f"{vendor}:qwen2.5:7b", environ_for(1)).call)


def test_registry_and_rehearsal_load_no_vendor_library() -> None:
    heavy = ("pydantic_ai", "openai", "anthropic", "httpx2")
    program = (
        "import sys, agents.llms.registry as r, agents.llms.catalogue;"
        "r.resolve('rehearsal:summary', {});"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
