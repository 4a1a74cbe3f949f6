"""What the page of holds reads: every open hold of a tenant, its run, its step, and whether it is stuck."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.core.paginator import Page, Paginator
from django.db.models import Sum

from agents.contracts.endings import HOLDING_A_WORKER
from agents.holds import LONGEST_CALL, SILENT_FOR
from agents.models import EventRow, Run
from budgets.models import Account, Hold, Tenant
from console.live.figures import age

PAGE_ROWS = 200


@dataclass(frozen=True, slots=True)
class OpenHold:
    """A hold with what a person needs to decide on it; `stuck` says why it is, `closable` that no worker uses it."""

    hold: Hold
    run: Run | None
    step_id: str
    accounts: list[Account]
    stuck: str
    closable: bool

    @property
    def tool(self) -> str:
        """The tool whose fee is held; empty for an LLM's call."""
        kind, colon, name = self.hold.llm.partition(":")
        return name if colon and kind == "tool" else ""


@dataclass(frozen=True, slots=True)
class HoldsPage:
    """One page of open holds, the stuck ones first, then the oldest; the sums are over all of them."""

    page: "Page[Hold]"
    holds: list[OpenHold]
    held_nanos: int
    stuck: int


def holds_page(*, tenant: Tenant, account: Account | None, now: datetime, number: str | int = 1) -> HoldsPage:
    """The open holds of a tenant, or those that bind one of its accounts."""
    found = Hold.objects.for_tenant(tenant).open().order_by("opened_at", "pk")
    if account is not None:
        found = found.filter(**{f"{account.scope}_account": account})
    page = Paginator(found, PAGE_ROWS).get_page(number)
    holds = described(list(page.object_list), now=now)
    held = found.order_by().aggregate(nanos=Sum("amount_nanos", default=0))
    stuck = sum(bool(each.stuck) for each in holds)
    return HoldsPage(page, sorted(holds, key=lambda each: not each.stuck), int(held["nanos"]), stuck)


def described(holds: Collection[Hold], *, now: datetime) -> list[OpenHold]:
    """Holds with their runs, steps and accounts; three queries for any number of them."""
    runs = Run.objects.select_related("surface").defer("task", "answer", "limits").in_bulk([h.run_id for h in holds])
    accounts = Account.objects.select_related("surface", "tenant").in_bulk(
        {account_id for hold in holds for account_id in hold.account_ids()}
    )
    steps = steps_of(holds)
    return [
        OpenHold(
            hold=hold,
            run=(run := runs.get(hold.run_id)),
            step_id=steps.get(hold.pk, ""),
            accounts=[accounts[account_id] for account_id in hold.account_ids() if account_id in accounts],
            stuck=why_stuck(hold, run, now),
            closable=is_closable(run, now),
        )
        for hold in holds
    ]


def steps_of(holds: Iterable[Hold]) -> dict[str, str]:
    """The span of the call that each hold was made for, by hold id."""
    listed = list(holds)
    placed = EventRow.objects.filter(
        run_id__in={hold.run_id for hold in listed}, kind="hold.placed", data__hold__in=[hold.pk for hold in listed]
    )
    return {str(data.get("hold")): span_id for data, span_id in placed.values_list("data", "span_id")}


def why_stuck(hold: Hold, run: Run | None, now: datetime) -> str:
    """In words, or nothing for a hold of a call that may well be under way."""
    if run is None:
        return "run is gone"
    if run.ended:
        return "run has ended"
    if run.state not in HOLDING_A_WORKER:
        return "nobody works on it"
    silent = now - run.lease_expires_at if run.lease_expires_at else SILENT_FOR
    if silent > SILENT_FOR:
        return f"worker silent for {age(int(silent.total_seconds()))}"
    if now - hold.opened_at > LONGEST_CALL:
        return f"call longer than {age(int(LONGEST_CALL.total_seconds()))}"
    return ""


def is_closable(run: Run | None, now: datetime) -> bool:
    """Whether no worker is at work on it; the verb looks again under the run's lock."""
    if run is None or run.ended or run.state not in HOLDING_A_WORKER:
        return True
    return run.lease_expires_at is None or run.lease_expires_at < now


def find_hold(tenant: Tenant, hold_id: str) -> Hold | None:
    """The tenant's hold of this id, open or closed."""
    return Hold.objects.for_tenant(tenant).filter(pk=hold_id).first()
