"""A fallback chain: implementations in order, until one serves; what failed is said, never hidden."""

from collections.abc import Callable
from dataclasses import dataclass

from pydantic import JsonValue

from agents.contracts.base import JsonObject
from agents.contracts.calls import Call, ToolRefusal
from agents.contracts.messages import ToolStatus
from agents.contracts.specs import Implementation, ToolSpec
from agents.engine.ports import ImplementationFailed, Interrupted
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

    def __init__(self, work: Work, tool: ToolSpec, arguments: JsonObject, call: Call, span: Span) -> None:
        self.work = work
        self.tool = tool
        self.arguments = arguments
        self.call = call
        self.span = span
        self.attempts = 0

    def run(self) -> Served:
        """Try each link. Raises Interrupted when a kill cut one off."""
        error, previous = "", ""
        for link in self.tool.implementations:
            if previous:
                self._fallback(previous, link, error)
            previous = link.name
            if not self.work.ports.health.allows(f"{self.tool.name}/{link.name}"):
                error = SKIPPED
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

    def _attempt(self, link: Implementation) -> Served:
        """Carry the call out once. A refusal by the tool is an answer, not a fault of the implementation."""
        health, name = self.work.ports.health, f"{self.tool.name}/{link.name}"
        self.attempts += 1
        span = self.work.span(self.span)
        self.work.fact("attempt.started", {"implementation": link.name}, span, attempt=self.attempts)
        end = self._ender(link, span)
        try:
            value = plain_output(self.work.ports.tools.invoke(link, self.arguments, self.call))
        except ToolRefusal as refusal:
            end("refused", str(refusal))
            health.record(name, error="")
            refused: JsonObject = {"status": "error", "error_type": "refused", "error": str(refusal)}
            return Served("error", refused, link.name)
        except ImplementationFailed as failed:
            end("timeout" if failed.timed_out else "failed", failed.error)
            health.record(name, error=failed.error)
            raise
        except Interrupted:
            end("killed", "")
            raise
        end("ok", "")
        health.record(name, error="")
        return Served("ok", value, link.name)

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
        advice = self.tool.degraded_advice or "Go on without it and name the limitation in the answer."
        content: JsonObject = {
            "status": "degraded",
            "error": f"It is not known whether this call happened: {error}" if unsure else error,
            "advice": f"{self.tool.name} is unavailable in this run; do not call it again. {advice}",
        }
        return Served("degraded", content, unsure=unsure, error=error)
