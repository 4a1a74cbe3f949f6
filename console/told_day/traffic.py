"""Who asks for what, and when, in a told day: the same seed tells the same day."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from console.told_day import words

TENANTS = {"acme": 50, "globex": 24, "northlight": 17, "quarry": 9}
"""Shares of the launches."""
USERS = ("mara", "jonas", "ines", "tomas", "priya", "wen", "amara", "luca", "noor", "sofia", "emeka", "hanne")
BY_HOURS_BEFORE_THE_END = (16, 17, 18, 17, 15, 16, 18, 17, 14, 9, 5, 3, 2, 2, 2, 2, 3, 4, 5, 6, 7, 9, 12, 14)
"""Launches as shares: whenever it is looked at, the day ends while it is busy."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of work: its agent, its share, what is asked, and by which surface it comes in."""

    agent: str
    share: int
    task: Callable[[Random], str]
    surfaces: tuple[str, ...]
    misbehaves: tuple[str, ...] = ()


KINDS = (
    Kind("support-triage", 44, words.support_task, ("enterprise", "enterprise", "free-chat"), ("wrong-types", "loop")),
    Kind("support-triage", 9, words.refund_task, ("enterprise",)),
    Kind("search", 27, words.search_task, ("free-chat", "internal-batch"), ("rejected-drafts", "half-stream")),
    Kind("content-generation", 12, words.content_task, ("internal-batch",), ("rejected-drafts",)),
    Kind("document-analysis", 8, words.document_task, ("internal-batch", "enterprise"), ("wrong-types",)),
)
MISBEHAVES_ONE_IN = 9


@dataclass(frozen=True, slots=True)
class Arrival:
    """One launch of the day."""

    at: datetime
    tenant: str
    surface: str
    agent: str
    task: str
    user: str
    session: str
    llm: str = ""

    @property
    def with_files(self) -> bool:
        """Whether its agent reads what is attached."""
        return self.agent == "document-analysis"


def arrivals(random: Random, *, until: datetime, hours: int, count: int) -> list[Arrival]:
    """So many launches within the hours before an instant, the oldest first."""
    shares = [BY_HOURS_BEFORE_THE_END[hour % 24] for hour in range(hours)]
    before = sorted((hour + random.random() for hour in random.choices(range(hours), shares, k=count)), reverse=True)
    return [_arrival(random, until - timedelta(hours=hour)) for hour in before]


def _arrival(random: Random, at: datetime) -> Arrival:
    kind = random.choices(KINDS, [kind.share for kind in KINDS])[0]
    surface, user = random.choice(kind.surfaces), random.choice(USERS)
    odd = kind.misbehaves and random.randrange(MISBEHAVES_ONE_IN) == 0
    return Arrival(
        at=at,
        tenant=random.choices(list(TENANTS), list(TENANTS.values()))[0],
        surface=surface,
        agent=kind.agent,
        task=kind.task(random),
        user=f"web-{random.randint(1000, 9999)}" if surface == "free-chat" else user,
        session=f"{user}-{at:%d%H}" if random.random() < 0.3 else "",
        llm=f"rehearsal:{kind.agent}+{random.choice(kind.misbehaves)}" if odd else "",
    )
