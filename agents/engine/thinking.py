"""One LLM call of a run: hold the money, call along the chain, settle, record."""

import math

from agents.contracts.base import JsonObject
from agents.contracts.endings import Ending
from agents.contracts.llms import LLMError, LLMRequest, LLMResponse, Purpose, ToolSchema
from agents.contracts.messages import Message
from agents.engine import tokens
from agents.engine.batch import HoldRequest, Settlement
from agents.engine.call_ids import with_own_ids
from agents.engine.halt import Halt
from agents.engine.ports import Interrupted, PriceUnknown
from agents.engine.work import Span, Work, shown
from budgets.pricing import (
    PriceSnapshot,
    Usage,
    affordable_output_tokens,
    cost_nanos,
    worst_case_nanos,
)
from budgets.tiers import Refusal

SMALLEST_ANSWER_TOKENS = 256  # below this a shortened answer is worth less than stopping
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.5, 20.0


class Ask:
    """One question to the LLMs of a chain, in order, until one gives a complete answer."""

    def __init__(
        self,
        work: Work,
        messages: tuple[Message, ...],
        *,
        estimated: int,
        tools: tuple[ToolSchema, ...] = (),
        purpose: Purpose = "turn",
    ) -> None:
        self.work = work
        self.messages = messages
        self.purpose: Purpose = purpose
        self.tools = tools
        self.estimated = estimated
        self.held_tokens = tokens.upper_bound(self.estimated, work.state.calibration)

    def along(self, llms: tuple[str, ...]) -> tuple[LLMResponse, Usage]:
        """The first complete answer. Raises Halt when money or LLMs run out, or on a kill."""
        failure: LLMError | None = None
        for position, llm in enumerate(llms):
            if not self.work.ports.health.allows(f"llm/{llm}") and position < len(llms) - 1:
                continue
            if failure is not None:
                self.work.fact("model.fallback", {"from": llms[position - 1], "to": llm, "error": failure.kind})
            try:
                return self._one(llm)
            except LLMError as error:
                failure = error
        detail = f"{failure.kind.replace('_', ' ')}: {failure.detail}" if failure else "every LLM is switched off"
        raise Halt(Ending(state="failed", reason=f"No LLM answered. {detail}", answer=self.work.state.best_draft))

    def _one(self, llm: str) -> tuple[LLMResponse, Usage]:
        try:
            price = self.work.ports.prices.price(llm)
        except PriceUnknown as unknown:
            raise Halt(Ending(state="failed", reason=str(unknown), answer=self.work.state.best_draft)) from unknown
        span = self.work.span()
        hold, max_output = self._hold(llm, price, span)
        # Not validated again: messages and tools are contracts already, and there are many of them.
        request = LLMRequest.model_construct(
            llm=llm,
            messages=self.messages,
            tools=self.tools,
            max_output_tokens=max_output,
            purpose=self.purpose,
            run_id=self.work.state.input.run_id,
        )
        try:
            response = self._attempts(request, span)
        except LLMError as error:
            self._close_failed(hold, error, span, llm)
            raise
        except Interrupted as cut:
            self._close_cut(hold, cut.output_characters, span, llm)
            raise Halt(self.work.killed()) from cut
        except Halt:  # stopped between two attempts: nothing is in flight, and nothing had been said
            self._close_unsaid(hold, {"llm": llm, "asked": llm, "status": "killed"}, span)
            raise
        own = with_own_ids(response.message, self.work.state.call_ids)
        response = response.model_copy(update={"message": own})
        usage = self._settle(hold, response, max_output, span)
        return response, usage

    def _hold(self, llm: str, price: PriceSnapshot, span: Span) -> tuple[HoldRequest, int]:
        """Set the worst case aside; when it does not fit, once more with a shorter answer."""
        wanted = self.work.state.input.limits.max_output_tokens
        hold, refusal = self._try_hold(llm, price, span, wanted)
        if refusal is None:
            return hold, wanted
        shorter = affordable_output_tokens(refusal.left_nanos, self.held_tokens, price.rates) or 0
        if SMALLEST_ANSWER_TOKENS <= shorter < wanted:
            hold, refusal = self._try_hold(llm, price, span, shorter)
            if refusal is None:
                return hold, shorter
        raise Halt(at_cap(self.work, refusal))

    def _try_hold(
        self, llm: str, price: PriceSnapshot, span: Span, max_output: int
    ) -> tuple[HoldRequest, Refusal | None]:
        work = self.work
        amount = worst_case_nanos(self.held_tokens, max_output, price.rates)
        hold = HoldRequest(
            hold_id=work.next_hold_id(),
            step=work.state.steps + 1,
            llm=llm,
            amount_nanos=amount,
            price=price,
            input_tokens=self.held_tokens,
            max_output_tokens=max_output,
        )
        held: JsonObject = {
            "hold": hold.hold_id,
            "llm": llm,
            "amount_nanos": amount,
            "input_tokens": self.held_tokens,
            "max_output_tokens": max_output,
        }
        started: JsonObject = {
            "llm": llm,
            "prompt_tokens": self.estimated,
            "max_output_tokens": max_output,
            "purpose": self.purpose,
        }
        work.batch.hold = hold
        work.batch.doing = f"LLM {llm}"
        work.intent("hold.placed", held, span)
        work.intent("model.started", started, span)
        return hold, work.commit()

    def _attempts(self, request: LLMRequest, span: Span) -> LLMResponse:
        """The same request until it is answered; repeated only while nothing was said and waiting may help."""
        ports, link = self.work.ports, f"llm/{request.llm}"
        for attempt in range(1, self.work.state.input.limits.llm_attempts + 1):
            try:
                response = ports.llms.call(request, ports.on_text)
            except LLMError as error:
                ports.health.record(link, error=error.kind)
                if not error.may_retry or attempt == self.work.state.input.limits.llm_attempts:
                    raise
                wait = pause_before_retry(attempt, error.retry_after_seconds)
                self.work.fact(
                    "model.retried",
                    {"llm": request.llm, "error": error.kind, "detail": error.detail, "wait_ms": int(wait * 1000)},
                    span,
                    attempt=attempt,
                )
                self.work.commit()
                self.work.wait(wait)
            else:
                ports.health.record(link, error="")
                return response
        raise AssertionError("an attempt either returns or raises")

    def _settle(self, hold: HoldRequest, response: LLMResponse, max_output: int, span: Span) -> Usage:
        """Book what the vendor reported; all of the hold when it reported nothing usable."""
        reported = response.usage
        usage = reported or Usage(input_tokens=self.held_tokens, output_tokens=max_output)
        cost = cost_nanos(usage, hold.price.rates) if reported else hold.amount_nanos
        message = response.message
        calls = [{"call_id": c.call_id, "name": c.name, "arguments": shown(c.arguments)} for c in message.calls]
        self._model_ended(
            {
                "llm": response.served_llm,
                "asked": hold.llm,
                "status": "ok",
                "finish": response.finish,
                "text": shown(message.text),
                "calls": list(calls),
            },
            usage,
            span,
        )
        self._book(hold, cost, usage, response.vendor_usage, span, unreconciled=reported is None)
        return usage

    def _close_failed(self, hold: HoldRequest, error: LLMError, span: Span, llm: str) -> None:
        """A call that failed: nothing was said, nothing is owed; else it is charged like a cut one."""
        said: JsonObject = {"status": "failed", "error": error.kind, "detail": error.detail}
        if error.output_characters or error.usage:
            self._charge_cut(hold, error.output_characters, span, {"llm": llm, "asked": llm, **said})
            return
        self._close_unsaid(hold, {"llm": llm, "asked": llm, **said}, span)

    def _close_unsaid(self, hold: HoldRequest, said: JsonObject, span: Span) -> None:
        self._model_ended(said, Usage(0, 0), span)
        nothing = Settlement(hold.hold_id, 0, Usage(0, 0), {}, hold.price, released=True)
        self.work.batch.settlements.append(nothing)
        self.work.fact("hold.released", {"hold": hold.hold_id, "amount_nanos": hold.amount_nanos}, span)

    def _close_cut(self, hold: HoldRequest, characters: int, span: Span, llm: str) -> None:
        self._charge_cut(hold, characters, span, {"llm": llm, "asked": llm, "status": "killed"})

    def _charge_cut(self, hold: HoldRequest, characters: int, span: Span, said: JsonObject) -> None:
        """No bill will come for a call that was cut: book what may have been used, and say that it is an estimate."""
        seen = math.ceil(characters / tokens.BYTES_PER_TOKEN)
        usage = Usage(input_tokens=self.held_tokens, output_tokens=seen)
        self._model_ended(said, usage, span)
        cost = min(hold.amount_nanos, cost_nanos(usage, hold.price.rates))
        self._book(hold, cost, usage, {}, span, unreconciled=True)

    def _model_ended(self, data: JsonObject, usage: Usage, span: Span) -> None:
        counted: JsonObject = {
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
            "cache_read_tokens": usage.cache_read_tokens,
            "reasoning_tokens": usage.reasoning_tokens,
        }
        self.work.ended("model.ended", {**data, **counted}, span)

    def _book(
        self, hold: HoldRequest, cost: int, usage: Usage, vendor: JsonObject, span: Span, *, unreconciled: bool
    ) -> None:
        work = self.work
        work.cost_nanos += cost
        settlement = Settlement(hold.hold_id, cost, usage, vendor, hold.price, unreconciled=unreconciled)
        work.batch.settlements.append(settlement)
        charge: JsonObject = {
            "hold": hold.hold_id,
            "llm": hold.llm,
            "cost_nanos": cost,
            "run_cost_nanos": work.cost_nanos,
            "held_nanos": hold.amount_nanos,
            "price_source": hold.price.source,
            "price_version": hold.price.version,
            "unreconciled": unreconciled,
            "over_ceiling": cost > hold.amount_nanos,
        }
        work.fact("charge.booked", charge, span)


def pause_before_retry(attempt: int, asked_seconds: float | None) -> float:
    """Seconds: what the vendor asked for, else doubling; never longer than a person would wait."""
    wait = asked_seconds if asked_seconds is not None else FIRST_WAIT_SECONDS * 2 ** (attempt - 1)
    return min(LONGEST_WAIT_SECONDS, max(0.0, wait))


def at_cap(work: Work, refusal: Refusal | None) -> Ending:
    """What the tier says happens when the money does not reach for the next call."""
    reason = refusal.text if refusal else "The budget is spent."
    if work.state.input.at_cap != "pause" or refusal is None:
        return Ending(state="failed", reason=reason, answer=work.state.best_draft)
    waits_for: JsonObject = {"account_id": refusal.account_id, "limit_nanos": refusal.limit_nanos}
    return Ending(state="paused_budget", reason=reason, answer=work.state.best_draft, detail=waits_for)
