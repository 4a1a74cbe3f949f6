"""What becomes of a run's side effects in a retry or a fork of it, said before it is made."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from agents.approvals.rules import terms_for
from agents.approvals.terms import standing_rules
from agents.models import Effect, Run
from agents.run_input import spec_of
from budgets import clock

Fate = Literal["reused", "executed again", "needs confirmation", "unknown"]


@dataclass(frozen=True, slots=True)
class PlannedEffect:
    """One effect of the run that is gone back in, what the new run does about it, and why in one sentence."""

    effect: Effect
    fate: Fate
    why: str


def plan(run: Run, step: int, *, rewritten: Collection[str] = ()) -> list[PlannedEffect]:
    """The effects of a run in their order, for a new run that takes over its first ``step`` steps.

    ``rewritten`` are the ids of calls that the new run makes with other arguments. "Executed again" and "needs
    confirmation" come true if the LLM asks for that call again; the other two hold whatever it does.
    """
    tools = {tool.name: tool for tool in spec_of(run).tools}
    rules, now = standing_rules(run.tenant_id), clock.now()

    def asks(effect: Effect) -> bool:
        tool = tools.get(effect.tool)
        return tool is not None and terms_for(tool, effect.arguments, rules) is not None

    return [
        PlannedEffect(effect, *_fate(effect, step, effect.call_id in rewritten, asks(effect), now))
        for effect in run.effects.order_by("step", "pk")
    ]


def is_open(effect: Effect) -> bool:
    """Nobody knows whether it happened: its worker died, or is at it."""
    return effect.state in ("started", "unknown")


def _fate(effect: Effect, step: int, rewritten: bool, with_approval: bool, now: datetime) -> tuple[Fate, str]:
    if is_open(effect):
        return "unknown", "Nobody knows whether it happened. The new run waits for a person when it comes to this call."
    if effect.outcome == "given_up":
        return "reused", "A person has given it up; the new run is told so and does not make this call."
    if effect.step <= step:
        return "reused", "Its result is taken over; the same call is answered from its record."
    anew: Fate = "needs confirmation" if with_approval else "executed again"
    asked = " A person is asked first." if with_approval else ""
    if rewritten:
        return anew, f"It is made with the new arguments; what it did before stays done.{asked}"
    if effect.state == "failed" or effect.outcome == "again":
        return anew, f"It failed, and is made when the LLM asks for it again.{asked}"
    if effect.expires_at is not None and effect.expires_at > now:
        until = f"{effect.expires_at:%Y-%m-%d %H:%M} UTC"
        return "reused", f"The same call of any run of this tenant is answered from its record until {until}."
    return anew, f"It happens a second time when the LLM asks for it again.{asked}"
