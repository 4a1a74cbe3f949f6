"""What an agent and a tool are made of: the content of an agent version."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from agents.contracts.base import Contract, Count, JsonObject, NonEmpty, Positive

Effect = Literal["pure", "keyed", "unkeyed"]
ImplementationKind = Literal["python"]


class Implementation(Contract):
    """One way to carry out a tool; ``target`` is ``package.module:function`` for the python kind."""

    name: NonEmpty
    kind: ImplementationKind = "python"
    target: NonEmpty
    timeout_seconds: Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)] = 20.0


class ToolSpec(Contract):
    """A tool: its schema, its chain of implementations in order, and what it does to the world.

    ``pure`` reads only and may run again; ``keyed`` passes its idempotency key on, so that the far end dedupes;
    ``unkeyed`` acts without one, so that after a crash only a person can say whether it happened.
    ``volatile`` names top-level arguments that do not make a call a different one (timestamps, nonces).
    ``dedupe_seconds`` > 0 dedupes across the tenant's runs, for what spends or sends.
    """

    name: NonEmpty
    description: str
    parameters: JsonObject
    implementations: tuple[Implementation, ...] = Field(min_length=1)
    effect: Effect = "pure"
    needs_approval: bool = False
    volatile: tuple[str, ...] = ()
    dedupe_seconds: Count = 0
    version: str = "1"
    degraded_advice: str = ""


class MemoryLimits(Contract):
    """Tokens: compression starts at ``soft_tokens``; a prompt never exceeds ``hard_tokens``."""

    hard_tokens: Positive = 32_000
    soft_tokens: Positive = 24_000
    kept_turns: Count = 3
    inline_characters: Count = 6_000

    @model_validator(mode="after")
    def _soft_is_not_above_hard(self) -> Self:
        if self.soft_tokens > self.hard_tokens:
            raise ValueError("soft_tokens is more than hard_tokens")
        return self


class CheckSpec(Contract):
    """One registered critic check with its settings."""

    check: NonEmpty
    settings: JsonObject = {}


class LoopLimits(Contract):
    """Stops of the loop itself; a tier may be stricter, the stricter one binds."""

    max_turns: Positive = 25
    max_seconds: Positive = 900
    max_output_tokens: Positive = 2_000
    nudge_after: Positive = 2
    block_after: Positive = 3
    stop_after: Positive = 5
    max_rejected_calls: Positive = 4
    max_revisions: Count = 2
    llm_attempts: Positive = 3


class AgentSpec(Contract):
    """Everything that shapes a run and is not its input; its digest names an agent version."""

    name: NonEmpty
    title: str
    purpose: str
    example_task: str = ""
    system_prompt: str
    llms: tuple[NonEmpty, ...] = Field(min_length=1)
    summary_llm: str = ""
    tools: tuple[ToolSpec, ...] = ()
    checks: tuple[CheckSpec, ...] = ()
    memory: MemoryLimits = MemoryLimits()
    limits: LoopLimits = LoopLimits()
    accepts: tuple[str, ...] = ()  # file endings an operator may attach
