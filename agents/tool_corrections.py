"""How many calls of each tool were refused at the boundary, and how many of those the LLM mended in its next turn."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from agents.newest_events import CALLS, newest

MOST_EVENTS = 5_000
UNKNOWN_TOOLS = ""
"""The key of calls of tools that do not exist: their names are the LLM's own."""


@dataclass(frozen=True, slots=True)
class Share:
    """Refused calls, and how many of them were mended next turn."""

    rejected: int = 0
    corrected: int = 0

    @property
    def percent(self) -> int | None:
        """Mended of 100 refused; None when there were none."""
        return round(100 * min(self.corrected, self.rejected) / self.rejected) if self.rejected else None


@dataclass(frozen=True, slots=True)
class Corrected:
    """By tool and LLM since some moment; not `complete` when there was more than is read: the newest are."""

    since: datetime
    by_tool_and_llm: Mapping[tuple[str, str], Share]
    complete: bool

    @property
    def by_tool(self) -> dict[str, Share]:
        """By tool, "" for those that do not exist."""
        return self._by(lambda tool, llm: tool)  # noqa: ARG005

    @property
    def by_llm(self) -> dict[str, Share]:
        """By the LLM that made the refused call."""
        return self._by(lambda tool, llm: llm)  # noqa: ARG005

    def of_tool(self, tool: str) -> dict[str, Share]:
        """One tool's, by LLM."""
        return {llm: share for (name, llm), share in self.by_tool_and_llm.items() if name == tool}

    def _by(self, key: Callable[[str, str], str]) -> dict[str, Share]:
        found: dict[str, Share] = {}
        for (tool, llm), share in self.by_tool_and_llm.items():
            before = found.get(key(tool, llm), Share())
            found[key(tool, llm)] = Share(before.rejected + share.rejected, before.corrected + share.corrected)
        return found


def corrections(*, since: datetime) -> Corrected:
    """What was refused and mended since then, over the runs of all tenants; only counts, no texts. One query.

    Refusals of a release that did not note the LLM are left out, and so are those that were the tool's own fault.
    """
    rows, complete = newest(CALLS, since=since, most=MOST_EVENTS, columns=("kind", "data"))
    counted: Counter[tuple[str, str, bool]] = Counter(
        key for kind, said in rows if isinstance(said, dict) and (key := _key(kind == "call.corrected", said))
    )
    pairs = {(tool, llm) for tool, llm, _ in counted}
    return Corrected(
        since,
        {(tool, llm): Share(counted[tool, llm, False], counted[tool, llm, True]) for tool, llm in pairs},
        complete,
    )


def _key(mended: bool, said: Mapping[str, object]) -> tuple[str, str, bool] | None:
    """The tool, the LLM, and whether it was mended; None for what is left out."""
    llm, error_type = str(said.get("llm", "")), said.get("error_type")
    if not llm or error_type in ("unusable_tool", "withdrawn"):
        return None
    if mended:
        return str(said.get("rejected", "")), llm, True
    return UNKNOWN_TOOLS if error_type == "unknown_tool" else str(said.get("tool", "")), llm, False
