"""What the engine is given of a run: its agent's version with what a fork has changed, and the limits of its launch."""

from datetime import datetime

from agents.contracts.calls import AttachmentRef
from agents.contracts.llms import priced_name
from agents.contracts.specs import AgentSpec
from agents.engine.state import RunInput
from agents.loop_limits import stricter
from agents.models import Run
from agents.models.agent import AgentVersion
from budgets.tiers import Limits


def input_of(run: Run, *, started_at: datetime, version: AgentVersion | None = None) -> RunInput:
    """The run's input; with a ``version``, how that one would be given the same task.

    An LLM that was chosen for the run stays; where none was, each version has its own.
    """
    limits = Limits(**run.limits)
    own = run.version.to_spec()
    spec = _allowed(spec_of(run, version), limits)
    chosen = run.llm != _allowed(own, limits).llms[0]
    return RunInput(
        run_id=run.id,
        tenant=run.tenant.slug,
        spec=spec,
        llms=(run.llm,) if chosen else spec.llms,
        limits=stricter(spec.limits, limits),
        task=run.task,
        at_cap=limits.at_cap,
        cheaper_llm=limits.cheaper_llm,
        started_at=started_at,
        attachments=attachments_of(run),
    )


def spec_of(run: Run, version: AgentVersion | None = None) -> AgentSpec:
    """The version that the run is bound to, or another, with the instructions that a fork has put in its place."""
    spec = (version or run.version).to_spec()
    instructions = run.overrides.get("system_prompt")
    return spec.model_copy(update={"system_prompt": instructions}) if isinstance(instructions, str) else spec


def attachments_of(run: Run) -> tuple[AttachmentRef, ...]:
    """What the operator attached, without the bytes."""
    rows = run.attachments.select_related("blob").defer("blob__content").order_by("pk")
    return tuple(row.to_ref() for row in rows)


def _allowed(spec: AgentSpec, limits: Limits) -> AgentSpec:
    """Without the LLMs that the tier does not allow; the one that was asked for was checked at the launch."""
    llms = tuple(llm for llm in spec.llms if limits.allows_llm(priced_name(llm)))
    summary = spec.summary_llm if limits.allows_llm(priced_name(spec.summary_llm)) else ""
    return spec.model_copy(update={"llms": llms or spec.llms[:1], "summary_llm": summary})
