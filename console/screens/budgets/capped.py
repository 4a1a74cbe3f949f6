"""What a run that waits for money waits for: shown on its page, and beside the top-up that lets it go on."""

from dataclasses import dataclass
from datetime import datetime

from agents.models import EventRow, Run
from budgets.models import Account
from console.screens.budgets.naming import title_of
from console.screens.budgets.selectors import line_of


@dataclass(frozen=True, slots=True)
class Capped:
    """The account that had no room, in the sentence of the refusal."""

    run: Run
    account: Account
    sentence: str
    title: str
    edit_href: str
    window_is_over: bool


def capped(run: Run, *, now: datetime) -> Capped | None:
    """None for a run that does not wait for money, or whose account is gone."""
    if run.state != "paused_budget" or run.capped_account_id is None:
        return None
    accounts = Account.objects.select_related("tenant", "surface").filter(tenant=run.tenant_id)
    account = accounts.filter(pk=run.capped_account_id).first()
    if account is None:
        return None
    return Capped(
        run=run,
        account=account,
        sentence=run.reason,
        title=title_of(account),
        edit_href=line_of(account, now).origin.href,
        window_is_over=account.window_end_at is not None and account.window_end_at <= now,
    )


def missing_nanos(run: Run, account: Account) -> int:
    """How much more the account would need for the call that was refused, as it stands now; 0 when it fits."""
    refused = EventRow.objects.filter(run=run, kind="hold.refused").order_by("-seq").first()
    asked = refused.data.get("asked_nanos") if refused else None
    if not isinstance(asked, int) or account.left_nanos is None:
        return 0
    return max(0, asked - account.left_nanos)
