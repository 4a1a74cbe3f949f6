"""Anthropic's messages API."""

from collections.abc import Mapping

from anthropic import AsyncAnthropic
from httpx2 import AsyncClient
from pydantic_ai.models import Model
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.settings import ModelSettings

from agents.llms.llm import LLM
from agents.llms.vendor import VendorLLM


def messages_llm(name: str, environ: Mapping[str, str]) -> LLM:
    """Anthropic's messages. Environment: ANTHROPIC_API_KEY, ANTHROPIC_BASE_URL."""
    key, base_url = environ["ANTHROPIC_API_KEY"], environ.get("ANTHROPIC_BASE_URL") or None

    def model(client: AsyncClient) -> Model:
        anthropic = AsyncAnthropic(api_key=key, base_url=base_url, http_client=client, max_retries=0)
        return AnthropicModel(name, provider=AnthropicProvider(anthropic_client=anthropic))

    return VendorLLM("anthropic", name, model, ModelSettings(), (key,))
