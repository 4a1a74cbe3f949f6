"""One approval as a person needs it to decide: the call, its run, the tool's health, and what was said of the like."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import JsonValue

from agents.approvals.looking import lookers
from agents.contracts.base import JsonObject
from agents.contracts.specs import ToolSpec
from agents.engine.edits import changes
from agents.models import Approval, ApprovalVote, ToolHealth
from agents.run_input import spec_of
from budgets.models import Account
from console.screens.approvals.amounts import amount_in
from console.screens.approvals.shown import Row, rows_of

LIKE_WITHIN = timedelta(days=30)
MOST_LIKE = 200
LIKE_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Like:
    """An earlier decision on the same tool, and how many of the arguments were the same as these."""

    approval: Approval
    same: int
    of: int


@dataclass(frozen=True, slots=True)
class Likes:
    """What was said of the same tool within 30 days; the nearest come first."""

    approved: int
    denied: int
    expired: int
    nearest: Sequence[Like]


@dataclass(frozen=True, slots=True)
class One:
    """All that its page shows."""

    approval: Approval
    tool: ToolSpec | None
    rows: Sequence[Row]
    arguments: JsonObject
    amount: str
    votes: Sequence[ApprovalVote]
    yeses: Sequence[str]
    left_nanos: int | None
    health: Sequence[tuple[str, ToolHealth | None]]
    likes: Likes
    lookers: Sequence[str]

    @property
    def is_edited(self) -> bool:
        """Whether somebody has changed what the LLM asked for."""
        return self.approval.edited_arguments is not None

    @property
    def missing(self) -> int:
        """How many more people must say yes."""
        return max(0, self.approval.people - len(self.yeses))


def one_of(approval: Approval, *, viewer: str, now: datetime) -> One:
    """Its page; six queries behind the approval itself."""
    tool = next((tool for tool in spec_of(approval.run).tools if tool.name == approval.tool), None)
    arguments = present_arguments(approval)
    votes = list(approval.votes.order_by("at", "pk"))
    account = Account.objects.filter(tenant=approval.run.tenant_id, scope="run", subject=approval.run_id).first()
    agreed = [vote.by for vote in votes if vote.approve and vote.arguments_hash == approval.current_hash]
    return One(
        approval=approval,
        tool=tool,
        rows=rows_of(tool, approval.arguments, arguments),
        arguments=arguments,
        amount=amount_in(arguments),
        votes=votes,
        yeses=agreed,
        left_nanos=account.left_nanos if account else approval.run.cap_nanos,
        health=_health(tool),
        likes=_likes(approval, arguments, now=now),
        lookers=lookers(approval, but=viewer),
    )


def present_arguments(approval: Approval) -> JsonObject:
    """What the call would go out with as it stands."""
    made: JsonObject | None = approval.edited_arguments
    given: JsonObject = approval.arguments
    return given if made is None else made


def _health(tool: ToolSpec | None) -> list[tuple[str, ToolHealth | None]]:
    if tool is None:
        return []
    links = {f"{tool.name}/{each.name}": each.name for each in tool.implementations}
    known = {row.link: row for row in ToolHealth.objects.filter(link__in=links)}
    return [(name, known.get(link)) for link, name in links.items()]


def _likes(approval: Approval, arguments: Mapping[str, JsonValue], *, now: datetime) -> Likes:
    rows = Approval.objects.filter(tool=approval.tool, requested_at__gte=now - LIKE_WITHIN)
    decided = rows.filter(run__tenant=approval.run.tenant_id).exclude(decision="").exclude(pk=approval.pk)
    found = list(decided.order_by("-requested_at")[:MOST_LIKE])
    likes = [Like(each, _same(each.arguments, arguments), len(arguments)) for each in found]
    said = [each.decision for each in found]
    return Likes(
        approved=said.count("approved"),
        denied=said.count("denied"),
        expired=said.count("expired"),
        nearest=sorted(likes, key=lambda like: -like.same)[:LIKE_SHOWN],
    )


def _same(one: Mapping[str, JsonValue], other: Mapping[str, JsonValue]) -> int:
    different = {change.path.split("/")[1] for change in changes(dict(one), dict(other)) if change.path}
    return sum(name.replace("~", "~0").replace("/", "~1") not in different for name in other)
