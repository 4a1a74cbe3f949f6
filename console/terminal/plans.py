"""What becomes of a run's side effects, as lines for a terminal."""

from collections.abc import Iterator, Sequence

from agents.replay.plan import PlannedEffect
from console.terminal.lines import plain

LINE_CHARACTERS = 240


def plan_lines(effects: Sequence[PlannedEffect]) -> Iterator[str]:
    """One line an effect: what happens to it, its step and tool, and why."""
    if not effects:
        yield "The run has no side effects."
    for planned in effects:
        effect = planned.effect
        yield plain(
            f"{planned.fate:<18} step {effect.step:>3}  {effect.tool} ({effect.state})  {planned.why}", LINE_CHARACTERS
        )
