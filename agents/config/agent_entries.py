"""The agents and tools of a file: specs whose tools stand beside them, under names of their own."""

import json
from collections.abc import Mapping

from pydantic import JsonValue, ValidationError

from agents.config.complaints import complaints
from agents.config.content import AgentContent
from agents.config.faults import Fault, Path
from agents.config.natural import natural
from agents.config.reading import Source
from agents.contracts.specs import AgentSpec, ToolSpec
from agents.tools.boundary import arguments_class

JsonDict = dict[str, JsonValue]


class AgentEntries:
    """Reads both sections; what is wrong is added to `faults`."""

    def __init__(self, source: Source, faults: list[Fault]) -> None:
        self._source = source
        self._faults = faults

    def tools(self) -> dict[str, ToolSpec]:
        """Tools by key; a key is the tool's name where no other name is given."""
        return {key: tool for key, entry in self._entries("tools").items() if (tool := self._tool(key, entry))}

    def agents(self) -> dict[str, AgentContent]:
        """Agents by name."""
        return {name: agent for name, entry in self._entries("agents").items() if (agent := self._agent(name, entry))}

    def _tool(self, key: str, entry: JsonDict) -> ToolSpec | None:
        path: Path = ("tools", key)
        try:
            tool = ToolSpec.model_validate_json(json.dumps({"name": key, "parameters": {}, **entry}), strict=True)
        except ValidationError as error:
            self._faults += complaints(self._source, path, ToolSpec, error)
            return None
        if "parameters" in entry:
            return tool
        if first_in_python(tool) is None:
            self._refuse((*path, "parameters"), "This is missing: only code says by itself what it takes.")
            return None
        try:
            return tool.model_copy(update={"parameters": code_parameters(tool)})
        except Unloadable as error:
            self._refuse((*path, "implementations", first_in_python(tool) or 0, "target"), str(error))
            return None

    def _agent(self, name: str, entry: JsonDict) -> AgentContent | None:
        path: Path = ("agents", name)
        tools = entry.pop("tools", [])
        if "name" in entry:
            self._refuse((*path, "name"), "The key above is the name; leave this out.", at_key=True)
        try:
            spec = AgentSpec.model_validate_json(json.dumps({**entry, "name": name}), strict=True)
        except ValidationError as error:
            self._faults += complaints(self._source, path, AgentSpec, error)
            return None
        if not isinstance(tools, list):
            self._refuse((*path, "tools"), "A list of keys of tools belongs here.")
            return None
        return AgentContent(spec, tuple(map(str, tools)))

    def _entries(self, section: str) -> Mapping[str, JsonDict]:
        """The section's entries as JSON; what is no mapping is refused."""
        section_tree = self._source.tree.get(section, {})
        if not isinstance(section_tree, dict):
            self._refuse((section,), "Settings belong here, each on a line of its own below.")
            return {}
        found: dict[str, JsonDict] = {}
        for key, tree in section_tree.items():
            entry = natural(tree, (section, key), self._refuse)
            if isinstance(entry, dict):
                found[key] = entry
            else:
                self._refuse((section, key), "Settings belong here, each on a line of its own below.")
        return found

    def _refuse(self, path: Path, text: str, *, at_key: bool = False) -> None:
        self._faults.append(self._source.fault(path, text, at_key=at_key))


class Unloadable(Exception):
    """A tool's code cannot be found or is none; the message says what to mend."""


def first_in_python(tool: ToolSpec) -> int | None:
    """The place of the first implementation that is code; None when none is."""
    return next((index for index, link in enumerate(tool.implementations) if link.kind == "python"), None)


def code_parameters(tool: ToolSpec, index: int | None = None) -> JsonDict:
    """The parameters that the code of one implementation takes, the first's by default. Raises `Unloadable`."""
    place = first_in_python(tool) if index is None else index
    if place is None:
        raise Unloadable(f"{tool.name} has no implementation that is code.")
    target = tool.implementations[place].target
    try:
        return arguments_class(target).model_json_schema()
    except Exception as error:  # whatever that module does when it is imported is for its author to read
        raise Unloadable(f"{target} cannot be used as a tool: {type(error).__name__}: {error}") from error
