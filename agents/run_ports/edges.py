"""The engine's LLMs, Tools and Clock: all that a run waits for, on the edge, where a kill ends the wait."""

from collections.abc import Callable
from datetime import datetime

from django.db import connection
from pydantic import JsonValue

from agents.contracts.base import JsonObject
from agents.contracts.calls import Call, ToolRefusal
from agents.contracts.llms import LLMError, LLMRequest, LLMResponse
from agents.contracts.specs import Implementation
from agents.edge import KillSwitch
from agents.engine.ports import ImplementationFailed, Interrupted
from agents.llms import registry
from agents.runtime import Runtime
from agents.secrets.edges import answer_to_keep, output_to_keep, without_secrets
from agents.secrets.vault import vault
from agents.tools.invoke import invoke
from agents.tools.mcp.call import prepare
from agents.tools.mcp.failures import SchemaChanged
from agents.tools.mcp.rows import note_change
from agents.writing import RunText
from budgets import clock

registry.take_keys_from(vault.environ)


class EdgeLLMs:
    """The engine's LLMs: the call waits on the edge, where a kill cancels it and its socket closes."""

    def __init__(self, at: Runtime, switch: KillSwitch, text: RunText) -> None:
        self._at = at
        self._switch = switch
        self._text = text

    def call(self, request: LLMRequest, on_text: Callable[[str], None]) -> LLMResponse:
        said = 0

        def hear(text: str) -> None:
            nonlocal said
            said += len(text)
            on_text(text)

        self._text.begin(request.span_id)
        try:
            llm = registry.resolve(request.llm)
            let_go_of_the_database()
            response = self._at.edge.run(llm.call(request, hear), self._switch)
        except Interrupted as cut:
            raise Interrupted(said, may_be_billed=cut.may_be_billed) from cut
        except LLMError as error:
            without_secrets(error)
            raise
        finally:
            self._text.end()
        return answer_to_keep(response)


class EdgeTools:
    """The engine's Tools."""

    def __init__(self, at: Runtime, switch: KillSwitch) -> None:
        self._at = at
        self._switch = switch

    def invoke(self, implementation: Implementation, arguments: JsonObject, call: Call) -> JsonValue:
        prepare(implementation)
        secrets = vault.of_tenant(call.tenant)
        let_go_of_the_database()
        work = invoke(implementation, arguments, call, self._at.children, secrets)
        try:
            value = self._at.edge.run(work, self._switch)
        except (ToolRefusal, ImplementationFailed) as error:
            if isinstance(error, SchemaChanged):
                note_change(error)
            without_secrets(error)
            raise
        return output_to_keep(value)


class SystemClock:
    """The engine's Clock; a kill ends a wait."""

    def __init__(self, switch: KillSwitch) -> None:
        self._switch = switch

    def now(self) -> datetime:
        return clock.now()

    def wait(self, seconds: float) -> None:
        let_go_of_the_database()
        if self._switch.thrown.wait(seconds):
            raise Interrupted


def let_go_of_the_database() -> None:
    """Give this thread's connection back before a wait: hundreds of runs that wait need a few, not hundreds."""
    if connection.connection is not None and not connection.in_atomic_block:
        connection.close()
