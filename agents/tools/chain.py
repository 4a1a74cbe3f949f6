"""A fallback chain: implementations in order, until one serves; what failed is said, never hidden."""

from collections.abc import Callable
from dataclasses import dataclass

from pydantic import JsonValue

from agents.contracts.base import JsonObject
from agents.contracts.calls import Call, ToolRefusal
from agents.contracts.messages import ToolStatus
from agents.contracts.specs import Implementation, ToolSpec
from agents.engine.ports import ImplementationFailed, Interrupted, Trouble
from agents.engine.work import Span, Work
from agents.tools.output import plain_output

SKIPPED = "its circuit breaker is open"


@dataclass(frozen=True, slots=True)
class Served:
    """How a chain came out. ``unsure``: the call may have acted on the world and nobody can say."""

    status: ToolStatus
    content: JsonValue
    served_by: str = ""
    unsure: bool = False
    error: str = ""


def most_attempts(tool: ToolSpec) -> int:
    """How often one call of a tool may be sent at most."""
    return {"pure": len(tool.implementations), "keyed": 2, "unkeyed": 1}[tool.effect]


class Chain:
    """One tool call carried out along the tool's chain."""

    def __init__(
        self, work: Work, tool: ToolSpec, arguments: JsonObject, call: Call, span: Span, *, fee_nanos: int = 0
    ) -> None:
        self.work = work
        self.tool = tool
        self.arguments = arguments
        self.call = call
        self.span = span
        self.fee_nanos = fee_nanos
        self.attempts = 0

    def run(self) -> Served:
        """Try each link. Raises Interrupted when a kill cut one off."""
        error, previous = "", ""
        for link in self._links():
            if previous:
                self._fallback(previous, link, error)
            previous = link.name
            if not self.work.ports.health.allows(self._name(link)):
                error = SKIPPED
                self._trouble(link, "passed_over")
                if self.tool.effect != "pure":
                    break
                continue
            try:
                return self._attempt(link)
            except ImplementationFailed as failed:
                error = failed.error
                if self.tool.effect != "pure":
                    return self._write_failed(link, failed)
        return self._degraded(error)

    def _links(self) -> tuple[Implementation, ...]:
        """The chain, or that link of it which a person made the only one."""
        links = {self._name(link): link for link in self.tool.implementations}
        only = self.work.ports.health.only(list(links))
        return (links[only],) if only else self.tool.implementations

    def _name(self, link: Implementation) -> str:
        return f"{self.tool.name}/{link.name}"

    def _trouble(self, link: Implementation, what: Trouble) -> None:
        given = self.work.state.input
        self.work.ports.health.trouble(self._name(link), what, tenant=given.tenant, run_id=given.run_id)

    def _attempt(self, link: Implementation) -> Served:
        """Carry the call out once. A refusal by the tool is an answer, not a fault of the implementation."""
        self.attempts += 1
        span = self.work.span(self.span)
        self.work.fact("attempt.started", {"implementation": link.name}, span, attempt=self.attempts)
        end = self._ender(link, span)
        try:
            value = plain_output(self.work.ports.tools.invoke(link, self.arguments, self.call))
        except ToolRefusal as refusal:
            end("refused", str(refusal))
            self._count(link, span, "")
            refused: JsonObject = {"status": "error", "error_type": "refused", "error": str(refusal)}
            return Served("error", refused, link.name)
        except ImplementationFailed as failed:
            end("timeout" if failed.timed_out else "failed", failed.error)
            self._count(link, span, failed.error)
            raise
        except Interrupted:
            end("killed", "")
            raise
        end("ok", "")
        self._count(link, span, "")
        return Served("ok", value, link.name)

    def _count(self, link: Implementation, span: Span, error: str) -> None:
        given = self.work.state.input
        self.work.ports.health.record(
            self._name(link),
            error=error,
            duration_ms=span.took_ms(self.work.ports.clock.now()),
            slow_after_ms=int(link.slow_seconds * 1000),
            tenant=given.tenant,
            run_id=given.run_id,
            cost_nanos=self.fee_nanos if error else 0,
        )

    def _ender(self, link: Implementation, span: Span) -> Callable[[str, str], None]:
        attempt = self.attempts

        def end(status: str, error: str) -> None:
            data: JsonObject = {"implementation": link.name, "status": status, "error": error}
            self.work.ended("attempt.ended", data, span, attempt=attempt)

        return end

    def _write_failed(self, link: Implementation, failed: ImplementationFailed) -> Served:
        """A write never falls over by itself: a keyed one is sent once more under its key, any other is left alone."""
        if self.tool.effect == "keyed":
            try:
                return self._attempt(link)
            except ImplementationFailed as again:
                failed = again
        return self._degraded(failed.error, unsure=failed.maybe_happened)

    def _fallback(self, previous: str, link: Implementation, error: str) -> None:
        data: JsonObject = {"tool": self.tool.name, "from": previous, "to": link.name, "error": error}
        self.work.fact("tool.fallback", data, self.span)

    def _degraded(self, error: str, *, unsure: bool = False) -> Served:
        for link in self._links():
            self._trouble(link, "degraded")
        advice = self.tool.degraded_advice or "Go on without it and name the limitation in the answer."
        content: JsonObject = {
            "status": "degraded",
            "error": f"It is not known whether this call happened: {error}" if unsure else error,
            "advice": f"{self.tool.name} is unavailable in this run; do not call it again. {advice}",
        }
        return Served("degraded", content, unsure=unsure, error=error)
