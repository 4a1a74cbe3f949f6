"""What an agent and a tool are made of: the content of an agent version."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from agents.contracts.base import Contract, Count, JsonObject, NonEmpty, Positive

Effect = Literal["pure", "keyed", "unkeyed"]
ImplementationKind = Literal["python", "http", "mcp"]
HttpMethod = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Seconds = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]


class HttpEndpoint(Contract):
    """An HTTP call. ``{name}`` in ``url`` and in a value of ``query`` is an argument.

    Arguments that neither names are the JSON body of a method that has one, and else refused when the tool is written;
    with ``body`` that argument's value alone is the body.
    A value of ``headers`` may hold ``{secret:NAME}``. ``result`` is a JSON Pointer (RFC 6901) to what of the answer
    counts, "" for all of it; ``result_schema`` is what that must look like, {} for anything.
    """

    method: HttpMethod = "GET"
    url: NonEmpty
    query: dict[str, str] = {}
    headers: dict[str, str] = {}
    body: str = ""
    result: str = ""
    result_schema: JsonObject = {}
    retries: Count = 1
    max_bytes: Positive = 1_000_000


class McpEndpoint(Contract):
    """A tool of an MCP server, whose schema was seen and accepted: another digest there is no longer this tool."""

    server: NonEmpty
    tool: NonEmpty
    schema_digest: NonEmpty


class Implementation(Contract):
    """One way to carry out a tool.

    ``target`` is ``package.module:function`` for the python kind; the others have their endpoint instead.
    An answer that takes longer than ``slow_seconds`` counts as a failure of the link, though it is used; 0: never.
    """

    name: NonEmpty
    kind: ImplementationKind = "python"
    target: str = ""
    http: HttpEndpoint | None = None
    mcp: McpEndpoint | None = None
    timeout_seconds: Seconds = 20.0
    slow_seconds: Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)] = 0.0

    @model_validator(mode="after")
    def _has_what_its_kind_needs(self) -> Self:
        given = {"python": bool(self.target), "http": self.http is not None, "mcp": self.mcp is not None}
        if not given.pop(self.kind):
            raise ValueError(f"a {self.kind} implementation needs {'target' if self.kind == 'python' else self.kind}")
        if others := [name for name, is_given in given.items() if is_given]:
            raise ValueError(f"a {self.kind} implementation has nothing of the kind {others[0]}")
        return self


class ToolSpec(Contract):
    """A tool: its schema, its chain of implementations in order, and what it does to the world.

    ``pure`` reads only and may run again; ``keyed`` passes its idempotency key on, so that the far end dedupes;
    ``unkeyed`` acts without one, so that after a crash only a person can say whether it happened.
    ``volatile`` names top-level arguments that do not make a call a different one (timestamps, nonces).
    ``dedupe_seconds`` > 0 dedupes across the tenant's runs, for what spends or sends.
    ``capability`` says in plain words what is missing without it ("the stock count"); "": its name does.
    ``probe`` are arguments of a call that anybody may make at any time, to see whether a link is back (pure tools).
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
    capability: str = ""
    probe: JsonObject | None = None


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


class Grading(Contract):
    """What only an LLM can judge, asked once all checks have passed: from 1 to 10, ``least`` is good enough."""

    llm: NonEmpty
    rubric: NonEmpty
    least: Annotated[int, Field(ge=1, le=10)] = 7


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
    grading: Grading | None = None
    memory: MemoryLimits = MemoryLimits()
    limits: LoopLimits = LoopLimits()
    accepts: tuple[str, ...] = ()  # file endings an operator may attach
    llms_calling_in_text: tuple[NonEmpty, ...] = ()  # LLMs whose calls come as JSON in their text
    input_schema: JsonObject = {}  # a task is then one JSON object of this schema; {}: any text
