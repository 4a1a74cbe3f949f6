"""A tenant of one example: what people, the broker and time itself do to its runs; all of it is gone afterwards."""

from dataclasses import dataclass, field
from datetime import timedelta

from django.db import connection
from django.db.models import CharField, Model, Value
from django.db.models.functions import Cast, Concat

from agents import execution, lease, recovery
from agents.admission import LaunchRefused
from agents.approvals.deciding import decide
from agents.edge import KillSwitch
from agents.library.sync import keep_version
from agents.lifecycle import launch
from agents.models import Approval, ApprovalVote, Effect, EventRow, LinkTrouble, Run, StepRow
from agents.runtime import Runtime
from agents.tools.define import python_tool
from budgets import clock
from budgets.hot_sql import stored_at
from budgets.models import Account, BudgetAlert, Hold, LedgerEntry, Surface, Tenant, Tier, TierEdit
from tests.agents.at_once import at_once
from tests.agents.conftest import Office, Sender, agent_spec
from tests.agents.machine.far_end import FarEnd
from tests.agents.machine.stretch import Stretch
from tests.agents.workers import post
from tests.tier_edit import limit

# References first.
MADE: tuple[type[Model], ...] = (
    ApprovalVote,
    Approval,
    LinkTrouble,
    Effect,
    EventRow,
    StepRow,
    Run,
    LedgerEntry,
    Hold,
    BudgetAlert,
    Account,
    TierEdit,
    Tier,
)
AGED = ((LedgerEntry, "expires_at"), (TierEdit, "expires_at"), (Approval, "expires_at"), (Effect, "expires_at"))
TOOLS = (
    python_tool("keyed", [post], description="Its far end dedupes.", effect="keyed"),
    python_tool("unkeyed", [post], description="Its far end does not.", effect="unkeyed"),
    python_tool("shared", [post], description="Shared by runs.", effect="keyed", dedupe_seconds=60),
)
LONG_AGO = timedelta(minutes=2)
LIMITS = {"run_nanos": 900, "user_day_nanos": 1_300, "surface_day_nanos": 1_600, "tenant_day_nanos": 2_000}


@dataclass
class House:
    """The tenant, its surface, three workers, and the far end of their tools."""

    office: Office
    sender: Sender
    workers: list[Runtime]
    tenant: Tenant = field(init=False)
    surface: Surface = field(init=False)
    far_end: FarEnd = field(default_factory=FarEnd)
    stretches: list[Stretch] = field(default_factory=list)
    midnights: int = 0

    def __post_init__(self) -> None:
        wipe()
        keep_version(spec=agent_spec(*TOOLS))
        self.office.agent.refresh_from_db()
        self.tenant, self.surface = self.office.tenant, self.office.surface
        limit(self.tenant, user_day_nanos=LIMITS["user_day_nanos"], tenant_day_nanos=LIMITS["tenant_day_nanos"])
        limit(self.surface, run_nanos=LIMITS["run_nanos"], surface_day_nanos=LIMITS["surface_day_nanos"])
        self.sender.sent.clear()

    def launch(self, user: str) -> str | None:
        """The id of a new run, None where it was refused."""
        agent, task = self.office.agent, "Write to Ann."
        try:
            return launch(
                tenant=self.tenant, surface=self.surface, agent=agent, task=task, actor="acme_operator", user=user
            ).id
        except LaunchRefused as refused:
            if refused.field != "budget":
                raise
            return None

    def deliver(self, run_id: str, *, together: bool) -> list[Stretch]:
        """The broker hands the message of a run out five times; the stretches of those who got it."""

        def claim(number: int) -> Run | None:
            return lease.claim(run_id=run_id, owner=self.workers[number % 3].warden.owner)

        if together:
            claimed = at_once(*(lambda number=number: claim(number) for number in range(5)))
        else:
            claimed = [claim(number) for number in range(5)]
        won = [(number, run) for number, run in enumerate(claimed) if run is not None]
        made = [Stretch(execution.Execution(self.workers[n % 3], run, KillSwitch())) for n, run in won]
        self.stretches += made
        return made

    def decide(self, run_id: str) -> int:
        """Three people decide at the same moment on all that is asked for; how many were first."""
        asked = list(Approval.objects.filter(run_id=run_id))

        def say(number: int) -> int:
            return sum(decide(approval=each, actor=f"approver {number}", approve=number != 1) for each in asked)

        return sum(at_once(*(lambda number=number: say(number) for number in range(3)))) if asked else 0

    def let_lease_expire(self, stretch: Stretch) -> None:
        """Its worker has not renewed in time."""
        held = Run.objects.filter(pk=stretch.run_id, epoch=stretch.epoch, lease_expires_at__isnull=False)
        held.update(lease_expires_at=clock.now() - timedelta(seconds=1))

    def let_day_end(self) -> None:
        """The day and the month of all accounts are over: new ones will be opened."""
        self.midnights += 1
        Account.objects.exclude(window="").filter(window_end_at__gt=clock.now()).update(
            window=Concat(Value(f"{self.midnights:03}"), Cast("id", CharField())),
            window_end_at=clock.now() - timedelta(seconds=1),
        )
        for stretch in self.stretches:
            stretch.midnight()

    def days_that_are_over(self, hold_id: str) -> list[Account]:
        """The accounts of a new hold whose day or month is not the present one."""
        held = Account.objects.filter(pk__in=Hold.objects.get(pk=hold_id).account_ids())
        return [account for account in held if account not in Account.objects.open_at(clock.now())]

    def let_time_pass(self) -> None:
        """All that expires has expired, and the sweeper has come by."""
        for model, column in AGED:
            name = model._meta.db_table
            with connection.cursor() as cursor:
                cursor.execute(
                    f"UPDATE {name} SET {column} = %s WHERE {column} IS NOT NULL",
                    [stored_at(clock.now() - timedelta(seconds=1))],
                )
        Run.objects.update(created_at=clock.now() - LONG_AGO)
        Run.objects.filter(state="queued").update(due_at=clock.now() - LONG_AGO)
        self.far_end.forget_shared()
        recovery.sweep()


def wipe() -> None:
    """Take away all that an example has made; what is append-only for the product is not so for its tests."""
    with connection.cursor() as cursor:
        for model in MADE:
            cursor.execute(f"DELETE FROM {model._meta.db_table}")
