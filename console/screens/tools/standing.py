"""How a chain stands: which link serves, which are out, in a word, a glyph and a tone. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from agents.models import ToolHealth
from agents.tools.breaker import Forced, State
from agents.tools.known_links import to_breaker
from console.live.status import Status
from console.screens.tools.known import LLM, KnownTool

CLOSED = Status("closed", "ok", "ok")
LINK_STATUS: Mapping[State, Status] = {
    "closed": CLOSED,
    "open": Status("open", "bad", "bad"),
    "half_open": Status("half open", "waiting", "warn"),
}
FORCED_STATUS: Mapping[Forced, Status] = {
    "open": Status("forced open", "refused", "bad"),
    "closed": Status("forced closed", "flag", "warn"),
    "only": Status("only this one", "flag", "warn"),
}
SET_ASIDE = Status("set aside", "paused", "dim")
NEVER_CALLED = Status("no calls yet", "queued", "dim")

DOWN = Status("down", "bad", "bad")
FELL_BACK = Status("on fallback", "warn", "warn")
SPARE_OUT = Status("fallback out", "warn", "warn")
FORCED = Status("forced", "flag", "warn")
NEXT_LLM = "runs go on to the next LLM of their chain, and fail where there is none"
FAILING = Status("failing", "bad", "bad")
FINE = Status("ok", "ok", "ok")

OUT_WORDS: Mapping[str, str] = {"open": "is failing", "half open": "is being tried again", "set aside": "is set aside"}


@dataclass(frozen=True, slots=True)
class LinkStanding:
    """One link of a chain as it stands. ``out``: calls go past it.

    ``since`` is when it came to be so, if known; ``next_probe_at`` is when a call may try an open link again.
    """

    link: str
    name: str
    status: Status
    serves: bool
    out: bool
    forced: Forced = ""
    forced_by: str = ""
    forced_reason: str = ""
    since: datetime | None = None
    next_probe_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ToolStanding:
    """A whole chain: ``severity`` is 0 calm, 1 notice, 2 warning, 3 bad."""

    status: Status
    severity: int
    links: tuple[LinkStanding, ...]

    @property
    def serving(self) -> LinkStanding | None:
        return next((link for link in self.links if link.serves), None)

    @property
    def forced(self) -> tuple[LinkStanding, ...]:
        return tuple(link for link in self.links if link.forced)

    @property
    def trouble(self) -> str:
        """What is wrong and what serves instead, as one or two sentences; "" when nothing is."""
        if self.severity < 2:
            return ""
        told = [_told(link) for link in self.links if link.out or link.forced]
        if self.serving is None:
            llm = self.links[0].link.startswith(f"{LLM}/")
            return f"{_listed(told)}; {NEXT_LLM if llm else 'nothing serves instead'}."
        instead = self.serving != self.links[0] and not self.serving.forced
        return f"{_listed(told)}{f'; {self.serving.name} serves instead' if instead else ''}."


def standing_of(tool: KnownTool, health: Mapping[str, ToolHealth]) -> ToolStanding:
    """How the tool's chain stands by the breakers of its links; a link without one was never called."""
    rows = [health.get(link) for link in tool.links]
    only = next((link for link, row in zip(tool.links, rows, strict=True) if row and row.forced == "only"), "")
    serving = _serving(tool, rows, only)
    links = tuple(
        _link(link, row, serves=link == serving, aside=bool(only) and link != only)
        for link, row in zip(tool.links, rows, strict=True)
    )
    status, severity = _whole(tool, links, serving, called=any(row is not None for row in rows))
    return ToolStanding(status, severity, links)


def _serving(tool: KnownTool, rows: Sequence[ToolHealth | None], only: str) -> str:
    """The link that takes the next call; "" when none does."""
    if only:
        return only
    for link, row in zip(tool.links, rows, strict=True):
        if row is None or row.forced == "closed" or (row.state == "closed" and row.forced != "open"):
            return link
        if not tool.fails_over:
            return ""
    return ""


def _link(link: str, row: ToolHealth | None, *, serves: bool, aside: bool) -> LinkStanding:
    name = link.partition("/")[2]
    if row is None:
        return LinkStanding(link, name, SET_ASIDE if aside else NEVER_CALLED, serves, out=aside)
    status = FORCED_STATUS.get(row.known_forced) or LINK_STATUS[row.known_state]
    if aside and not row.forced:
        status = SET_ASIDE
    waits = row.state == "open" and not row.forced and not aside
    return LinkStanding(
        link=link,
        name=name,
        status=status,
        serves=serves,
        out=aside or row.forced == "open" or (row.state != "closed" and not row.forced),
        forced=row.known_forced,
        forced_by=row.forced_by,
        forced_reason=row.forced_reason,
        since=row.forced_at if row.forced else _since(row),
        next_probe_at=to_breaker(row).probe_due_at if waits else None,
    )


def _since(row: ToolHealth) -> datetime | None:
    return row.probe_at if row.state == "half_open" else row.opened_at if row.state == "open" else None


def _whole(tool: KnownTool, links: Sequence[LinkStanding], serving: str, *, called: bool) -> tuple[Status, int]:
    if not serving:
        return (FAILING if tool.is_llm and not links[0].forced else DOWN), 3
    if any(link.forced for link in links):
        return FORCED, 2
    if serving != tool.links[0]:
        return FELL_BACK, 2
    if any(link.out for link in links):
        return SPARE_OUT, 1
    return (FINE, 0) if called else (NEVER_CALLED, 0)


def _told(link: LinkStanding) -> str:
    """What is to be said of one link that is out or forced."""
    if link.forced:
        word = "made the only one" if link.forced == "only" else link.status.word
        return f"{link.name} is {word} by {link.forced_by}"
    return f"{link.name} {OUT_WORDS.get(link.status.word, link.status.word)}"


def _listed(told: Sequence[str]) -> str:
    return ", ".join(told[:-1]) + (" and " if len(told) > 1 else "") + told[-1]
