"""One question to the LLMs of a run: along the chain, each call under a hold of its own, until one answers."""

from agents.contracts.base import JsonObject
from agents.contracts.endings import Ending
from agents.contracts.llms import LLMError, Purpose, ToolSchema
from agents.contracts.messages import Message
from agents.contracts.steps import RouteStep
from agents.engine import paying, tokens
from agents.engine.halt import Halt
from agents.engine.held_call import Answer, HeldCall
from agents.engine.ports import PriceUnknown
from agents.engine.work import Work
from budgets.pricing import PriceSnapshot, affordable_output_tokens
from budgets.tiers import Refusal

SMALLEST_ANSWER_TOKENS = 256  # below this a shortened answer is worth less than stopping
SKIPPED = "its circuit breaker is open"
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.5, 20.0


class TooDear(Exception):
    """No hold was to be had for an LLM, not even for a shorter answer."""

    def __init__(self, llm: str, refusal: Refusal) -> None:
        super().__init__(refusal.text)
        self.llm = llm
        self.refusal = refusal


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

    def along(self, llms: tuple[str, ...]) -> Answer:
        """The first complete answer. Raises Halt when money or LLMs run out, or on a kill."""
        only = self.work.state.only_llm
        try:
            return self._chain((only,) if only and self.purpose == "turn" else llms)
        except TooDear as dear:
            return self._cheaper(dear)

    def _chain(self, llms: tuple[str, ...], *, instead_of: str = "") -> Answer:
        failure: LLMError | None = None
        previous, why = "", ""
        llms = self._the_only_one(llms)
        for position, llm in enumerate(llms):
            if not self._may_ask(llm, last=position == len(llms) - 1):
                previous, why = (previous, why) if previous else (llm, SKIPPED)
                continue
            if previous:
                self.work.fact("model.fallback", {"from": previous, "to": llm, "error": why})
            try:
                return self._one(llm, instead_of)
            except LLMError as error:
                failure, previous, why = error, llm, error.kind
        said = f"{failure.kind.replace('_', ' ')}: {failure.detail}" if failure else "Each of them is switched off."
        raise self._failed(f"No LLM answered. {said}")

    def _the_only_one(self, llms: tuple[str, ...]) -> tuple[str, ...]:
        """The chain, or that one of it which a person made the only one."""
        only = self.work.ports.health.only([f"llm/{llm}" for llm in llms])
        return (only.removeprefix("llm/"),) if only else llms

    def _may_ask(self, llm: str, *, last: bool) -> bool:
        health, given = self.work.ports.health, self.work.state.input
        if health.allows(f"llm/{llm}", last_resort=last):
            return True
        health.trouble(f"llm/{llm}", "passed_over", tenant=given.tenant, run_id=given.run_id)
        return False

    def _cheaper(self, dear: TooDear) -> Answer:
        """Go on with the cheaper LLM of the tier, for the rest of the run. Raises Halt where that is no help."""
        given, used = self.work.state.input, (dear.llm, self.work.state.only_llm)
        if not given.cheaper_llm or given.cheaper_llm in used or self.purpose != "turn":
            raise Halt(paying.at_cap(self.work, dear.refusal)) from dear
        try:
            return self._chain((given.cheaper_llm,), instead_of=dear.llm)
        except TooDear as still:
            raise Halt(paying.at_cap(self.work, still.refusal)) from still

    def _one(self, llm: str, instead_of: str) -> Answer:
        """One LLM, asked a few times. What may have been billed is charged at once; to ask again takes a new hold."""
        try:
            price = self.work.ports.prices.price(llm)
        except PriceUnknown as unknown:
            raise self._failed(str(unknown)) from unknown
        most = self.work.state.input.limits.llm_attempts
        held: HeldCall | None = None
        for attempt in range(1, most + 1):
            if held is None:
                held = self._hold(llm, price, instead_of if attempt == 1 else "")
            try:
                return held.send(self.messages, self.tools, self.purpose)
            except LLMError as error:
                again = error.may_retry and attempt < most
                if error.may_be_billed or not again:
                    tripped = held.failed(error)
                    held = None
                    if tripped or not again:
                        raise
                self._pause(held, llm, attempt, error)
        raise AssertionError("an attempt either returns or raises")

    def _hold(self, llm: str, price: PriceSnapshot, instead_of: str) -> HeldCall:
        """Set the worst case aside; when it does not fit, once more with a shorter answer. Raises TooDear."""
        wanted, prompt_tokens = self.work.state.input.limits.max_output_tokens, self._prompt_tokens(llm)
        held, refusal = self._try_hold(llm, price, instead_of, (prompt_tokens, wanted))
        if refusal is not None:
            shorter = affordable_output_tokens(refusal.left_nanos, prompt_tokens, price.rates) or 0
            if SMALLEST_ANSWER_TOKENS <= shorter < wanted:
                held, refusal = self._try_hold(llm, price, instead_of, (prompt_tokens, shorter))
        if refusal is not None:
            raise TooDear(llm, refusal)
        if instead_of:
            self.work.record(RouteStep(llm=llm))
        return held

    def _try_hold(
        self, llm: str, price: PriceSnapshot, instead_of: str, for_tokens: tuple[int, int]
    ) -> tuple[HeldCall, Refusal | None]:
        work, span = self.work, self.work.span()
        if instead_of:
            work.intent("model.fallback", {"from": instead_of, "to": llm, "error": "budget"})
        hold = paying.place_for_llm(work, llm, price, span, for_tokens)
        started: JsonObject = {
            "llm": llm,
            "prompt_tokens": self.estimated,
            "max_output_tokens": hold.max_output_tokens,
            "purpose": self.purpose,
        }
        work.batch.doing = f"LLM {llm}"
        work.intent("model.started", started, span)
        return HeldCall(work, hold, span), work.commit()

    def _prompt_tokens(self, llm: str) -> int:
        """As many tokens as this LLM's vendor may count: its own last count and what is new, or our estimate."""
        state = self.work.state
        if self.purpose == "turn" and state.counted is not None and state.counted.llm == llm:
            return tokens.grown(state.counted.tokens, self.estimated - state.counted.estimated)
        factor = state.calibration if state.calibrated_llm == llm else max(1.0, state.calibration)
        return tokens.upper_bound(self.estimated, factor, with_tools=bool(self.tools))

    def _pause(self, held: HeldCall | None, llm: str, attempt: int, error: LLMError) -> None:
        """Wait before the next attempt. Raises Halt on a kill; nothing is in flight then, and nothing more is owed."""
        wait = pause_before_retry(attempt, error.retry_after_seconds)
        said: JsonObject = {"llm": llm, "error": error.kind, "detail": error.detail, "wait_ms": int(wait * 1000)}
        self.work.fact("model.retried", said, held.span if held else None, attempt=attempt)
        try:
            self.work.commit()
            self.work.stay()
            self.work.wait(wait)
        except Halt as halt:
            if held is not None:
                held.given_up(halt)
            raise

    def _failed(self, reason: str) -> Halt:
        return Halt(Ending(state="failed", reason=reason, answer=self.work.state.best_draft))


def pause_before_retry(attempt: int, asked_seconds: float | None) -> float:
    """Seconds: what the vendor asked for, else doubling; never longer than a person would wait."""
    wait = asked_seconds if asked_seconds is not None else FIRST_WAIT_SECONDS * 2 ** (attempt - 1)
    return min(LONGEST_WAIT_SECONDS, max(0.0, wait))
