"""Compares the agents and tools of a file with the current versions in the database."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import JsonValue

from agents.config.agent_checks import check_agent
from agents.config.content import AgentContent
from agents.config.database import same
from agents.config.plan import AgentWrite, Comparison, Left
from agents.contracts.specs import AgentSpec, ToolSpec

SHORT_CHARACTERS = 80


def compare_agents(draft: Comparison) -> None:
    """A tool is part of the agents that name it: a changed one gives each of them a new version."""
    agents = {name: _wanted(draft, name) for name in _concerned(draft)}
    _compare_tools(draft, {key for agent in agents.values() for key in agent.tools})
    for name, agent in agents.items():
        found = draft.found.agents.get(name)
        spec, before = _whole(draft, name, agent), None if found is None else _stored(draft, found)
        if before is not None and same(spec, before):
            continue
        check_agent(draft, agent, spec)
        fields = None if found is None else {**_flat(found.spec), **_tool_list(found.tools)}
        after = {**_flat(agent.spec), **_tool_list(agent.tools, _changed(draft))}
        draft.differ(("agents", name), AgentWrite(spec), fields, after)
    draft.leave("tools", [("tools", key) for key in sorted(draft.found.tools) if key not in draft.wanted.tools])
    draft.leave("agents", [("agents", name) for name in draft.found.agents if name not in draft.wanted.agents])


def _concerned(draft: Comparison) -> list[str]:
    """The agents of the file, and those of the database that use a tool of the file."""
    users = {name for name, agent in draft.found.agents.items() if set(agent.tools) & draft.wanted.tools.keys()}
    return sorted({*draft.wanted.agents, *users})


def _wanted(draft: Comparison, name: str) -> AgentContent:
    return draft.wanted.agents.get(name) or draft.found.agents[name]


def _compare_tools(draft: Comparison, used: set[str]) -> None:
    for key, tool in sorted(draft.wanted.tools.items()):
        found = draft.found.tools.get(key)
        if key not in used:
            draft.left.append(Left(("tools", key), "no agent uses it, so there is nothing to write"))
        elif found is None or not same(found, tool):
            draft.differ(("tools", key), None, None if found is None else _flat(found), _flat(tool))


def _changed(draft: Comparison) -> set[str]:
    found = draft.found.tools
    return {key for key, tool in draft.wanted.tools.items() if key in found and not same(found[key], tool)}


def _whole(draft: Comparison, name: str, agent: AgentContent) -> AgentSpec:
    """The agent with its tools: those of the file first, else those that the database knows by that key."""
    known = {**draft.found.tools, **draft.wanted.tools}
    for index, key in enumerate(agent.tools):
        if key not in known:
            text = "There is no such tool, here under tools or in the database."
            draft.refuse(("agents", name, "tools", index), text)
    return agent.spec.model_copy(update={"tools": tuple(known[key] for key in agent.tools if key in known)})


def _stored(draft: Comparison, agent: AgentContent) -> AgentSpec:
    return agent.spec.model_copy(update={"tools": tuple(draft.found.tools[key] for key in agent.tools)})


def _tool_list(keys: Iterable[str], changed: Iterable[str] = ()) -> dict[str, str]:
    return {"tools": "\n".join(f"{key} (changed)" if key in changed else key for key in keys)}


def _flat(spec: AgentSpec | ToolSpec) -> dict[str, str]:
    """Each value that is not the usual one as text, under its dotted name."""
    return dict(
        _leaves(
            "",
            spec.model_dump(
                mode="json", exclude={"tools", "name"} if isinstance(spec, AgentSpec) else set(), exclude_defaults=True
            ),
        )
    )


def _leaves(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        for key, below in value.items():
            yield from _leaves(f"{name}.{key}" if name else str(key), below)
    else:
        yield name, _shown(value)


def _shown(value: Any) -> str:
    """Lists that are long stand one entry a line, so that a change in one of them can be seen."""
    if isinstance(value, str):
        return value
    text = _json(value)
    if isinstance(value, list) and len(text) > SHORT_CHARACTERS:
        return "\n".join(each if isinstance(each, str) else _json(each) for each in value)
    return text


def _json(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
