"""Whether an LLM mends in its next turn what was refused in this one: a fold over the recorded results of calls."""

from dataclasses import dataclass, field

from agents.contracts.steps import ToolReason

UNKNOWN_TOOL = ""
"""Under this the calls of tools that do not exist are counted: any call that passes mends one of them."""


@dataclass(slots=True)
class Refused:
    """Calls of one tool that were refused in one turn and are not mended yet, and the LLM that made them."""

    turn: int
    llm: str
    calls: int = 0


@dataclass(slots=True)
class Corrections:
    """The calls that may still be mended, by tool."""

    by_tool: dict[str, Refused] = field(default_factory=dict)

    def mended_by(self, name: str, reason: ToolReason, turn: int) -> tuple[str, str] | None:
        """The tool and the LLM of a refused call that this call mends; None when it mends none."""
        if reason in ("invalid_arguments", "unknown_tool", "withdrawn"):
            return None
        for tool in (name, UNKNOWN_TOOL):
            refused = self.by_tool.get(tool)
            if refused is not None and refused.calls and refused.turn == turn - 1:
                return tool, refused.llm
        return None

    def take(self, name: str, reason: ToolReason, turn: int, llm: str) -> None:
        """Take the result of a call into account."""
        if mended := self.mended_by(name, reason, turn):
            self.by_tool[mended[0]].calls -= 1
        elif reason in ("invalid_arguments", "unknown_tool"):
            tool = name if reason == "invalid_arguments" else UNKNOWN_TOOL
            before = self.by_tool.get(tool)
            if before is None or before.turn != turn:
                before = self.by_tool[tool] = Refused(turn, llm)
            before.calls += 1
