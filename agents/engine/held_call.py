"""One call to an LLM whose money is set aside: sent once, ended once, and paid for however it ended."""

from dataclasses import dataclass

from agents.contracts.base import JsonObject
from agents.contracts.endings import Ending
from agents.contracts.llms import LLMError, LLMRequest, LLMResponse, Purpose, ToolSchema
from agents.contracts.messages import Message
from agents.engine import paying
from agents.engine.batch import HoldRequest
from agents.engine.call_ids import with_own_ids
from agents.engine.halt import Halt
from agents.engine.paying import Bill
from agents.engine.ports import Interrupted
from agents.engine.work import Span, Work, shown
from agents.llms.text_calls import in_text, out_of_text
from budgets.money import format_usd
from budgets.pricing import Usage


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer, from which LLM of the chain, and the tokens it is charged for."""

    llm: str
    response: LLMResponse
    usage: Usage


def status_of(ending: Ending) -> tuple[str, JsonObject]:
    """How a call ended that the run's ending cut, and what the trace says of it."""
    if ending.terminal:
        return "killed", {}
    return "failed", {"error": "stopped", "detail": "the run was paused or handed on before the answer came"}


@dataclass(frozen=True, slots=True)
class HeldCall:
    """A call that may be made."""

    work: Work
    hold: HoldRequest
    span: Span

    def send(self, messages: tuple[Message, ...], tools: tuple[ToolSchema, ...], purpose: Purpose) -> Answer:
        """Ask once, and settle. Raises LLMError with the hold still open, Halt on a kill."""
        ports, llm = self.work.ports, self.hold.llm
        # Not validated again: messages and tools are contracts already, and there are many of them.
        request = LLMRequest.model_construct(
            llm=llm,
            messages=messages,
            tools=tools,
            max_output_tokens=self.hold.max_output_tokens,
            purpose=purpose,
            run_id=self.work.state.input.run_id,
            span_id=self.span.span_id,
        )
        sent = self.work.span(self.span)
        written = llm in self.work.state.input.spec.llms_calling_in_text
        try:
            response = ports.llms.call(in_text(request) if written else request, ports.on_text)
        except Interrupted as cut:
            ending = self.work.cut()
            self.end(paying.of_cut(self.hold, cut), *status_of(ending))
            raise Halt(ending) from cut
        except LLMError as error:
            self._count(sent, error)
            raise
        self._count(sent, None)
        response = out_of_text(response) if written and purpose == "turn" else response
        own = with_own_ids(response.message, self.work.state.call_ids)
        return self._answered(response.model_copy(update={"message": own}))

    def _count(self, sent: Span, error: LLMError | None) -> None:
        """Tell the breaker how it went. That it refuses this very prompt is no fault of the LLM.

        When its vendor's spending limit is met, every further call would be refused too: it is left alone at once.
        """
        given, link = self.work.state.input, f"llm/{self.hold.llm}"
        bill = paying.of_failure(self.hold, error) if error else None
        self.work.ports.health.record(
            link,
            error=error.kind if error and error.kind != "invalid_request" else "",
            duration_ms=sent.took_ms(self.work.ports.clock.now()),
            tenant=given.tenant,
            run_id=given.run_id,
            cost_nanos=bill.cost_nanos if bill else 0,
        )
        if error is not None and error.kind == "spend_limit":
            self._trip(f"its vendor's spending limit is met: {error.detail}")

    def given_up(self, halt: Halt) -> None:
        """Close a call that is not sent again; nothing is owed for it."""
        self.end(None, *status_of(halt.ending))

    def failed(self, error: LLMError) -> bool:
        """End a call that gave no answer. True when its vendor is not to be asked again for now."""
        return self.end(paying.of_failure(self.hold, error), "failed", {"error": error.kind, "detail": error.detail})

    def end(self, bill: Bill | None, status: str, said: JsonObject | None = None) -> bool:
        """Close the call and its hold; without a bill the money goes back.

        True when the vendor billed more than was held: its breaker is then open.
        """
        usage = bill.usage if bill else Usage(0, 0)
        ended: JsonObject = {
            "llm": self.hold.llm,
            "asked": self.hold.llm,
            "status": status,
            **(said or {}),
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
            "cache_read_tokens": usage.cache_read_tokens,
            "reasoning_tokens": usage.reasoning_tokens,
        }
        self.work.ended("model.ended", ended, self.span)
        if bill is None:
            paying.release(self.work, self.hold, self.span)
            return False
        paying.book(self.work, self.hold, bill, self.span)
        return self._tripped(bill.cost_nanos)

    def _answered(self, response: LLMResponse) -> Answer:
        message, bill = response.message, paying.of_answer(self.hold, response)
        calls = [{"call_id": c.call_id, "name": c.name, "arguments": shown(c.arguments)} for c in message.calls]
        said: JsonObject = {
            "llm": response.served_llm,
            "finish": response.finish,
            "text": shown(message.text),
            "calls": list(calls),
        }
        self.end(bill, "ok", said)
        return Answer(self.hold.llm, response, bill.usage)

    def _tripped(self, cost_nanos: int) -> bool:
        if cost_nanos <= self.hold.amount_nanos:
            return False
        self._trip(f"billed {format_usd(cost_nanos)} where {format_usd(self.hold.amount_nanos)} was held")
        return True

    def _trip(self, reason: str) -> None:
        given, llm = self.work.state.input, self.hold.llm
        self.work.ports.health.trip(f"llm/{llm}", reason=reason, tenant=given.tenant, run_id=given.run_id)
        self.work.fact("breaker.tripped", {"llm": llm, "link": f"llm/{llm}", "reason": reason}, self.span)
