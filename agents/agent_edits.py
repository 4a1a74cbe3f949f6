"""An agent as an operator edits it: checked like one that comes from a file, and kept as a version of its own."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import transaction
from pydantic import ValidationError

from agents.config.llm_names import llm_fault
from agents.contracts.specs import AgentSpec
from agents.engine.critic.registry import Draft, UnknownCheck, run_check
from agents.library.sync import apply_version
from agents.models import Agent, AgentVersion
from agents.task_input import check_input_schema
from agents.tools.schema import UnusableSchema


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one part of a spec."""

    part: str
    text: str


class VersionMoved(Exception):
    """Somebody else made another version current while this one was being written."""


def faults(spec: AgentSpec) -> list[Fault]:
    """What keeps a spec from being a version; empty when nothing does."""
    return [*_llm_faults(spec), *_check_faults(spec), *_tool_faults(spec), *_input_faults(spec)]


def save_version(*, spec: AgentSpec, based_on: int, actor: str, note: str) -> AgentVersion:
    """Make an edited spec the agent's current version; the runs under way keep theirs.

    Raises VersionMoved when version ``based_on`` is no longer the current one, ValueError for a spec with faults.
    """
    if found := faults(spec):
        raise ValueError(found[0].text)
    with transaction.atomic():
        agent = Agent.objects.select_for_update(of=("self",)).select_related("current").get(name=spec.name)
        if agent.current is None or agent.current.number != based_on:
            raise VersionMoved(f"Version {agent.current.number if agent.current else 'none'} is the current one now.")
        return apply_version(spec=spec, actor=actor, reason=note, origin="screen")


def bring_back(*, version: AgentVersion, actor: str, note: str) -> AgentVersion:
    """Make an earlier version the current one again."""
    return apply_version(spec=version.to_spec(), actor=actor, reason=note, origin="screen")


def _llm_faults(spec: AgentSpec) -> Iterator[Fault]:
    for llm in spec.llms:
        if text := llm_fault(llm):
            yield Fault("llms", text)
    if spec.summary_llm and (text := llm_fault(spec.summary_llm)):
        yield Fault("summary_llm", text)
    if spec.grading and (text := llm_fault(spec.grading.llm)):
        yield Fault("grading_llm", text)
    for llm in spec.llms_calling_in_text:
        if llm not in spec.llms:
            yield Fault("llms_calling_in_text", f"{llm} is not in the chain above.")


def _check_faults(spec: AgentSpec) -> Iterator[Fault]:
    empty = Draft("", frozenset())
    for check in spec.checks:
        try:
            run_check(check, empty)
        except UnknownCheck as error:
            yield Fault("checks", f"{error}.")
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(map(str, first["loc"]))
            yield Fault("checks", f"{check.check}: {place}: {first['msg']}.")


def _input_faults(spec: AgentSpec) -> Iterator[Fault]:
    try:
        check_input_schema(spec.input_schema)
    except UnusableSchema as error:
        place = f" (at {'.'.join(map(str, error.place))})" if error.place else ""
        yield Fault("input_schema", f"{error}{place}")


def _tool_faults(spec: AgentSpec) -> Iterator[Fault]:
    names = [tool.name for tool in spec.tools]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Fault("tools", f"Two tools are called {name}.")
