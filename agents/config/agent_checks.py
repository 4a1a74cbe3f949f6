"""What an agent that is to be written must pass: its code loads, its LLMs exist, its checks are known."""

import re
from collections.abc import Iterator, Mapping

from pydantic import JsonValue, ValidationError

from agents.config.agent_entries import Unloadable, code_parameters
from agents.config.complaints import complaints
from agents.config.content import AgentContent
from agents.config.faults import Path, quoted
from agents.config.llm_names import llm_fault
from agents.config.plan import Comparison
from agents.contracts.specs import AgentSpec, ToolSpec
from agents.engine.critic.registry import UnknownCheck, prepared
from agents.task_input import check_input_schema
from agents.tools.http.check import endpoint_faults
from agents.tools.schema import UnusableSchema, check_schema

_AGENT_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_TOOL_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""What all vendors take as the name of a function."""


def check_agent(draft: Comparison, agent: AgentContent, spec: AgentSpec) -> None:
    """Adds to the draft's faults. What the database holds unchanged is not asked again."""
    path: Path = ("agents", spec.name)
    if not _AGENT_NAME.fullmatch(spec.name):
        draft.refuse(path, f"{quoted(spec.name)} is no name: use letters, digits, - and _, at most 64.", at_key=True)
    named: list[tuple[Path, str]] = [(("llms", index), llm) for index, llm in enumerate(spec.llms)]
    named += [(("llms_calling_in_text", index), llm) for index, llm in enumerate(spec.llms_calling_in_text)]
    grader = spec.grading.llm if spec.grading else ""
    for below, llm in [*named, (("summary_llm",), spec.summary_llm), (("grading", "llm"), grader)]:
        if llm and (fault := llm_fault(llm)):
            draft.refuse((*path, *below), fault)
    try:
        check_input_schema(spec.input_schema)
    except UnusableSchema as error:
        draft.refuse((*path, "input_schema", *error.place), str(error))
    _check_critic(draft, path, spec)
    names: set[str] = set()
    for index, (key, tool) in enumerate(zip(agent.tools, spec.tools, strict=False)):
        if tool.name in names:
            draft.refuse((*path, "tools", index), f"The agent has two tools that are called {tool.name}.")
        names.add(tool.name)
        for below, fault in _tool_faults(tool):
            place = ("tools", key, *below) if key in draft.wanted.tools else (*path, "tools", index)
            draft.refuse(place, fault)


def _check_critic(draft: Comparison, path: Path, spec: AgentSpec) -> None:
    for index, check in enumerate(spec.checks):
        place: Path = (*path, "checks", index)
        try:
            prepared(check)
        except UnknownCheck as error:
            draft.refuse((*place, "check"), f"{error}.")
        except ValidationError as error:
            draft.faults += complaints(draft.document.source, (*place, "settings"), None, error)


def _tool_faults(tool: ToolSpec) -> Iterator[tuple[Path, str]]:
    if not _TOOL_NAME.fullmatch(tool.name):
        yield ("name",), f"{quoted(tool.name)} is no name that LLMs can call: use letters, digits, - and _, at most 64."
    try:
        check_schema(tool.parameters)
    except UnusableSchema as error:
        yield ("parameters", *error.place), str(error)
        return
    yield from _code_faults(tool)
    for index, link in enumerate(tool.implementations):
        if link.http is not None:
            for below, fault in endpoint_faults(link.http, tool.parameters):
                yield ("implementations", index, "http", *below), fault


def _code_faults(tool: ToolSpec) -> Iterator[tuple[Path, str]]:
    """All code of a chain takes the same arguments, which are the tool's."""
    taken: list[Mapping[str, JsonValue]] = []
    for index, link in enumerate(tool.implementations):
        if link.kind != "python":
            continue
        try:
            taken.append(code_parameters(tool, index))
        except Unloadable as error:
            yield ("implementations", index, "target"), str(error)
            return
        if taken[0] != taken[-1]:
            yield ("implementations", index, "target"), f"{link.target} takes other arguments than the first."
    if taken:
        yield from _parameter_faults(tool, taken[0])


def _parameter_faults(tool: ToolSpec, taken: Mapping[str, JsonValue]) -> Iterator[tuple[Path, str]]:
    """Texts for the LLM may differ from the code's; the arguments may not, or no call would pass."""
    here, code = tool.parameters.get("properties", {}), taken.get("properties", {})
    if isinstance(here, dict) and isinstance(code, dict) and here.keys() != code.keys():
        named = ", ".join(sorted(code)) or "no arguments"
        yield ("parameters",), f"The code takes {named}; leave parameters out to use them."
