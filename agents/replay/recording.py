"""A run as it was recorded: all that it takes to go through it once more. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agents.contracts.steps import RouteStep, Step, ToolStep
from agents.engine.state import RunInput


@dataclass(frozen=True, slots=True)
class Recording:
    """What a run was given, its steps, its large outputs by handle, and how it ended.

    The first ``taken_over`` steps are copies from another run: they are gone on from, not gone through.
    """

    given: RunInput
    steps: Sequence[Step]
    blobs: Mapping[str, str]
    state: str
    answer: str
    taken_over: int = 0

    def step(self, number: int) -> Step | None:
        """The step of that number; None behind the last one."""
        return self.steps[number - 1] if 0 < number <= len(self.steps) else None

    @property
    def cheaper_llm(self) -> str:
        """The LLM that the run turned to when the money grew short, else the one that its tier names."""
        routes = (step.output.llm for step in self.steps[self.taken_over :] if isinstance(step.output, RouteStep))
        return next(routes, self.given.cheaper_llm)


def handles(steps: Sequence[Step]) -> set[str]:
    """The large outputs that steps point to."""
    return {step.output.source for step in steps if isinstance(step.output, ToolStep)} - {""}
