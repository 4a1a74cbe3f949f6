"""OpenAI's two APIs, and any server that speaks its chat completions."""

from collections.abc import Mapping

from httpx2 import AsyncClient
from openai import AsyncOpenAI
from pydantic_ai.models import Model
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel, OpenAIResponsesModelSettings
from pydantic_ai.profiles.openai import OpenAIModelProfile
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.settings import ModelSettings

from agents.llms.chat_replay import as_stream
from agents.llms.llm import LLM
from agents.llms.vendor import VendorLLM

# Servers that copy OpenAI's API know the older name of the limit, and want schemas as they are.
COMPATIBLE_PROFILE = OpenAIModelProfile(openai_chat_supports_max_completion_tokens=False, json_schema_transformer=None)


def provider(client: AsyncClient, key: str, base_url: str | None) -> OpenAIProvider:
    """OpenAI's client around our HTTP client; the library's own retries are off."""
    return OpenAIProvider(openai_client=AsyncOpenAI(api_key=key, base_url=base_url, http_client=client, max_retries=0))


def chat_llm(name: str, environ: Mapping[str, str]) -> LLM:
    """OpenAI's chat completions. Environment: OPENAI_API_KEY, OPENAI_BASE_URL."""
    key, base_url = environ["OPENAI_API_KEY"], environ.get("OPENAI_BASE_URL") or None

    def model(client: AsyncClient) -> Model:
        return OpenAIChatModel(name, provider=provider(client, key, base_url))

    return VendorLLM("openai", name, model, ModelSettings(), (key,), as_stream)


def responses_llm(name: str, environ: Mapping[str, str]) -> LLM:
    """OpenAI's responses, without storing anything at the vendor. Environment as for chat completions."""
    key, base_url = environ["OPENAI_API_KEY"], environ.get("OPENAI_BASE_URL") or None

    def model(client: AsyncClient) -> Model:
        return OpenAIResponsesModel(name, provider=provider(client, key, base_url))

    settings = OpenAIResponsesModelSettings(openai_store=False)
    return VendorLLM("openai-responses", name, model, settings, (key,))


def compatible_llm(name: str, environ: Mapping[str, str]) -> LLM:
    """Any server with OpenAI's chat completions. Environment: COMPATIBLE_BASE_URL, COMPATIBLE_API_KEY."""
    # The library insists on a key; servers on one's own machine do not look at it.
    key, base_url = environ.get("COMPATIBLE_API_KEY") or "none", environ["COMPATIBLE_BASE_URL"]

    def model(client: AsyncClient) -> Model:
        return OpenAIChatModel(name, provider=provider(client, key, base_url), profile=COMPATIBLE_PROFILE)

    return VendorLLM("compatible", name, model, ModelSettings(), (key,), as_stream)
