"""Whether a name in a file is one of an LLM that some vendor serves, or of a tool that has a fee."""

from agents.contracts.llms import LLMError
from agents.llms.registry import split_reference

TOOL_PREFIX = "tool:"


def llm_fault(name: str, *, or_tool: bool = False) -> str:
    """What is wrong with "vendor:name", empty when nothing is."""
    if or_tool and name.startswith(TOOL_PREFIX):
        return ""
    try:
        split_reference(name)
    except LLMError as error:
        return error.detail
    return ""
