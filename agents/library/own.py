"""The operator's own agents: the Python module named in WATCHFLOOR_LIBRARY, its AGENTS and POLICIES."""

import importlib
import os
from collections.abc import Iterable, Mapping
from types import ModuleType

from agents.contracts.specs import AgentSpec
from agents.llms.policy import Policy

VARIABLE = "WATCHFLOOR_LIBRARY"


class LibraryError(Exception):
    """The module of own agents cannot be used; the message says what to mend."""


def own_agents() -> tuple[AgentSpec, ...]:
    """The agents of the operator's module; none when no module is named. Raises LibraryError."""
    module = _own_module()
    if module is None:
        return ()
    agents = getattr(module, "AGENTS", None)
    if not isinstance(agents, Iterable):
        raise LibraryError(f"{VARIABLE}: the module {module.__name__} has no AGENTS, a list of AgentSpec")
    found = tuple(agents)
    for agent in found:
        if not isinstance(agent, AgentSpec):
            raise LibraryError(f"{VARIABLE}: AGENTS of {module.__name__} holds {agent!r}, which is no AgentSpec")
    return found


def own_policies() -> dict[str, Policy]:
    """The rehearsal policies of the operator's module; none when it brings none. Raises LibraryError."""
    module = _own_module()
    policies = getattr(module, "POLICIES", {})
    if not isinstance(policies, Mapping) or not all(callable(policy) for policy in policies.values()):
        raise LibraryError(f"{VARIABLE}: POLICIES is no mapping from agent names to functions")
    return dict(policies)


def _own_module() -> ModuleType | None:
    name = os.environ.get(VARIABLE, "").strip()
    if not name:
        return None
    try:
        return importlib.import_module(name)
    except Exception as error:  # whatever the module does wrong is for its author to read
        raise LibraryError(f"{VARIABLE}={name} cannot be imported: {type(error).__name__}: {error}") from error
