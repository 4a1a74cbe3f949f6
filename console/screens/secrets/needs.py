"""Who needs which secret: tools, MCP servers, and LLMs whose key is not in the environment."""

import json
import os
from collections.abc import Iterator

from agents.contracts.llms import LLMError
from agents.llms.registry import missing, split_reference
from agents.models import McpServer, Tool
from agents.models.agent import AgentVersion
from agents.secrets.placeholders import names_in

Needs = dict[str, list[str]]


def needs() -> Needs:
    """By the name of a secret, who needs it, in words."""
    found: Needs = {}
    for name, who in (*_of_tools(), *_of_agents(), *_of_servers()):
        if who not in found.setdefault(name, []):
            found[name].append(who)
    return found


def _of_tools() -> Iterator[tuple[str, str]]:
    """What the catalogue's tools need; an agent's copy of a tool may need others."""
    for tool in Tool.objects.order_by("name"):
        yield from ((name, f"tool {tool.name}") for name in sorted(names_in(json.dumps(tool.spec))))


def _of_agents() -> Iterator[tuple[str, str]]:
    """Read as they are stored: a version of another release is no reason to show nothing."""
    for version in AgentVersion.objects.filter(current_of__isnull=False).order_by("agent__name"):
        yield from _of_version(version)


def _of_version(version: AgentVersion) -> Iterator[tuple[str, str]]:
    tools, llms = version.spec.get("tools"), version.spec.get("llms")
    for tool in tools if isinstance(tools, list) else ():
        for name in sorted(names_in(json.dumps(tool))):
            yield name, f"tool {tool.get('name', '')}" if isinstance(tool, dict) else "a tool"
    for llm in llms if isinstance(llms, list) else ():
        try:
            vendor, _ = split_reference(str(llm))
        except LLMError:
            continue
        yield from ((name, f"LLMs of {vendor}") for name in missing(vendor, os.environ))


def _of_servers() -> Iterator[tuple[str, str]]:
    for server in McpServer.objects.order_by("name"):
        texts = (json.dumps([server.command, server.environment, server.headers]), server.url)
        yield from ((name, f"MCP server {server.name}") for name in sorted(names_in(*texts)))
