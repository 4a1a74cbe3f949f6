"""Two runs side by side: their steps aligned, the first place where they part, and what they differ in. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Literal

from agents.contracts.steps import Step, ToolStep
from agents.replay.divergence import told

Mark = Literal["same", "answer", "other", "left", "right"]
MARKS: dict[Mark, str] = {
    "same": "same",
    "answer": "same call, other answer",
    "other": "another step",
    "left": "only in the first",
    "right": "only in the second",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A step of either run, or of both; ``first`` where they part."""

    left: Step | None
    right: Step | None
    mark: Mark
    first: bool = False

    @property
    def mark_words(self) -> str:
        return MARKS[self.mark]

    @property
    def left_words(self) -> str:
        return told(self.left) if self.left else ""

    @property
    def right_words(self) -> str:
        return told(self.right) if self.right else ""


def aligned(left: Sequence[Step], right: Sequence[Step]) -> list[Line]:
    """The steps of both in their order, like ones on one line; the first line that is not the same is marked."""
    matcher = SequenceMatcher(a=[_kind(step) for step in left], b=[_kind(step) for step in right], autojunk=False)
    lines: list[Line] = []
    for tag, a, b, c, d in matcher.get_opcodes():
        lines += _same(left[a:b], right[c:d]) if tag == "equal" else _parted(left[a:b], right[c:d])
    first = next((place for place, line in enumerate(lines) if line.mark != "same"), None)
    if first is not None:
        lines[first] = replace(lines[first], first=True)
    return lines


def _same(left: Sequence[Step], right: Sequence[Step]) -> Iterator[Line]:
    for one, other in zip(left, right, strict=True):
        yield Line(one, other, "same" if _answer(one) == _answer(other) else "answer")


def _parted(left: Sequence[Step], right: Sequence[Step]) -> Iterator[Line]:
    for one, other in zip_longest(left, right):
        yield Line(one, other, "other" if one and other else "left" if one else "right")


def _kind(step: Step) -> tuple[str, str]:
    """What makes two steps the same step: what they were, and for a tool what it was asked."""
    key = step.output.key if isinstance(step.output, ToolStep) else ""
    return told(step), key


def _answer(step: Step) -> object:
    """What a tool gave back; what an LLM says in its own words differs each time and tells nothing."""
    return step.output.result.content if isinstance(step.output, ToolStep) else None
