"""Money around one call: what is set aside before it, and what is owed for it however it ends."""

import math
from dataclasses import dataclass

from agents.contracts.base import JsonObject
from agents.contracts.endings import Ending, RunState
from agents.contracts.llms import LLMError, LLMResponse
from agents.engine import tokens
from agents.engine.batch import HoldRequest, Settlement
from agents.engine.ports import Interrupted
from agents.engine.work import Span, Work
from budgets.pricing import PriceSnapshot, Usage, cost_nanos, worst_case_nanos
from budgets.tiers import Refusal

NO_USAGE, BAD_USAGE = "the vendor reported no usage", "the usage that the vendor reported cannot be relied on"
CUT = "the call was cut before its end"


@dataclass(frozen=True, slots=True)
class Bill:
    """What a call is charged. ``estimated_because`` says why this is not the vendor's own last word; "" when it is."""

    cost_nanos: int
    usage: Usage
    vendor_usage: JsonObject
    estimated_because: str = ""


def place(
    work: Work,
    called: str,
    price: PriceSnapshot,
    span: Span,
    amount_nanos: int,
    *,
    for_tokens: tuple[int, int] = (0, 0),
) -> HoldRequest:
    """Ask for a hold in the next commit, which says whether it stands. ``for_tokens``: input, output at most."""
    hold = HoldRequest(
        hold_id=work.next_hold_id(),
        step=work.state.steps + 1,
        llm=called,
        amount_nanos=amount_nanos,
        price=price,
        input_tokens=for_tokens[0],
        max_output_tokens=for_tokens[1],
    )
    held: JsonObject = {
        "hold": hold.hold_id,
        "llm": called,
        "amount_nanos": amount_nanos,
        "input_tokens": hold.input_tokens,
        "max_output_tokens": hold.max_output_tokens,
    }
    work.batch.hold = hold
    work.intent("hold.placed", held, span)
    return hold


def place_for_llm(work: Work, llm: str, price: PriceSnapshot, span: Span, for_tokens: tuple[int, int]) -> HoldRequest:
    """Ask for the most that a call of so many tokens may cost."""
    amount = worst_case_nanos(*for_tokens, price.rates)
    return place(work, llm, price, span, amount, for_tokens=for_tokens)


def of_answer(hold: HoldRequest, response: LLMResponse) -> Bill:
    """A complete answer costs what its vendor reported; all of the hold when that is missing or cannot be."""
    if response.usage is not None:
        return Bill(cost_nanos(response.usage, hold.price.rates), response.usage, response.vendor_usage)
    most = Usage(hold.input_tokens, hold.max_output_tokens)
    because = BAD_USAGE if response.vendor_usage else NO_USAGE
    return Bill(hold.amount_nanos, most, response.vendor_usage, because)


def of_failure(hold: HoldRequest, error: LLMError) -> Bill | None:
    """A failed call: None when nothing is owed; what was reported if that was final; else all of the hold.

    What had streamed in says nothing of hidden reasoning, nor of what the vendor went on writing.
    """
    if not error.may_be_billed:
        return None
    if error.usage is not None and error.usage_is_final:
        return Bill(cost_nanos(error.usage, hold.price.rates), error.usage, error.vendor_usage)
    seen = _seen(hold, error.output_characters, error.usage)
    reported = cost_nanos(error.usage, hold.price.rates) if error.usage else 0
    return Bill(max(hold.amount_nanos, reported), seen, error.vendor_usage, f"the call failed: {error.kind}")


def of_cut(hold: HoldRequest, kill: Interrupted) -> Bill | None:
    """A call that was cut off: no report of its usage will come. None when it had not begun."""
    if not kill.may_be_billed:
        return None
    return Bill(hold.amount_nanos, _seen(hold, kill.output_characters, None), {}, CUT)


def of_tool(hold: HoldRequest | None, attempts: int) -> Bill | None:
    """A tool's fee for each attempt that was made; None when there was none, or the tool is free."""
    if hold is None or not attempts:
        return None
    return Bill(hold.price.rates.per_request * attempts, Usage(0, 0), {})


def of_cut_tool(hold: HoldRequest | None, kill: Interrupted, attempts: int) -> Bill | None:
    """A tool call that was cut off is charged in full, unless its last attempt had not begun."""
    if hold is None or not kill.may_be_billed:
        return of_tool(hold, attempts - 1)
    return Bill(hold.amount_nanos, Usage(0, 0), {}, CUT)


def _seen(hold: HoldRequest, characters: int, reported: Usage | None) -> Usage:
    """The tokens that were certainly used, by the vendor's count or by ours, whichever is more."""
    heard = min(math.ceil(characters / tokens.BYTES_PER_TOKEN), hold.max_output_tokens)
    told = reported or Usage(0, 0)
    return Usage(max(hold.input_tokens, told.input_tokens), max(heard, told.output_tokens))


def book(work: Work, hold: HoldRequest, bill: Bill, span: Span) -> None:
    """Replace a hold by what is owed, in full, also where that is more than was held."""
    work.cost_nanos += bill.cost_nanos
    estimated = bool(bill.estimated_because)
    work.batch.settlements.append(
        Settlement(hold.hold_id, bill.cost_nanos, bill.usage, bill.vendor_usage, hold.price, unreconciled=estimated)
    )
    charge: JsonObject = {
        "hold": hold.hold_id,
        "llm": hold.llm,
        "cost_nanos": bill.cost_nanos,
        "run_cost_nanos": work.cost_nanos,
        "held_nanos": hold.amount_nanos,
        "price_source": hold.price.source,
        "price_version": hold.price.version,
        "unreconciled": estimated,
        "estimated_because": bill.estimated_because,
        "over_ceiling": bill.cost_nanos > hold.amount_nanos,
    }
    work.fact("charge.booked", charge, span)


def release(work: Work, hold: HoldRequest, span: Span) -> None:
    """Give a hold back: nothing is owed for its call."""
    nothing = Settlement(hold.hold_id, 0, Usage(0, 0), {}, hold.price, released=True)
    work.batch.settlements.append(nothing)
    work.fact("hold.released", {"hold": hold.hold_id, "amount_nanos": hold.amount_nanos}, span)


def at_cap(work: Work, refusal: Refusal) -> Ending:
    """What the tier says happens when the money does not reach for the next call."""
    state: RunState = "paused_budget" if work.state.input.at_cap == "pause" else "failed"
    detail: JsonObject = {
        "account_id": refusal.account_id,
        "scope": refusal.scope,
        "limit_nanos": refusal.limit_nanos,
        "asked_nanos": refusal.asked_nanos,
    }
    return Ending(state=state, reason=refusal.text, answer=work.state.best_draft, detail=detail)
