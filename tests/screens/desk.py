"""A desk to look at: a told day, and runs that are live while the pictures are taken."""

from dataclasses import dataclass

from agents.models import Approval, Run
from budgets.models import Account
from tests.harness.databases import manage
from tests.harness.live_stack import LiveStack

RUNS = 160
SHOWN_BY = "+slow=15"
START_LIVE = "from console.told_day import live; live.start()"


@dataclass(frozen=True)
class Desk:
    """Addresses below a tenant's of what the pictures show."""

    running: str
    degraded: str
    failed: str
    killed: str
    capped: str
    approval: str
    account: str
    compared: str


def fill(environment: dict[str, str]) -> None:
    """Tell the day, before anything runs; it takes a minute."""
    manage("fill", "--runs", str(RUNS), "--no-live", environment=environment)


def open_desk(stack: LiveStack) -> Desk:
    """Launch what is live, and find what is shown."""
    manage("shell", "--verbosity", "0", "-c", START_LIVE, environment=dict(stack.environment))
    live = Run.objects.filter(
        tenant__slug="acme",
        task__contains="Is the Rain Jacket in stock",
        llm__contains="slow",
        launched_by="acme_operator",
    )
    running = live.order_by("-created_at")[0]
    stack.wait_for(lambda: Run.objects.get(pk=running.pk).steps_count >= 2, what="the shown run to get on")
    stack.manage("verify_ledger")
    first, second = _newest("completed", agent_name="support-triage"), _newest("degraded")
    return Desk(
        running=_of(running),
        degraded=_of(second),
        failed=_of(_newest("failed")),
        killed=_of(_newest("killed")),
        capped=_of(_newest("paused_budget")),
        approval=f"approvals/{Approval.objects.filter(decision='', run__tenant__slug='acme').latest('pk').pk}/",
        account=f"budgets/{Account.objects.filter(scope='surface_day', tenant__slug='acme').latest('pk').pk}/",
        compared=f"runs/compare/?a={first.pk}&b={second.pk}",
    )


def _newest(state: str, **more: str) -> Run:
    return Run.objects.filter(tenant__slug="acme", state=state, **more).latest("created_at")


def _of(run: Run) -> str:
    return f"runs/{run.pk}/"
