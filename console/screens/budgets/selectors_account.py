"""What the page of one account reads: its movements newest first, its alerts, the runs that wait for it."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import F, Func, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from agents.models import Run
from budgets.models import Account, BudgetAlert, LedgerEntry, Tenant
from budgets.models.entry import EntryKind
from console.screens.budgets.selectors_holds import steps_of

PAGE_ENTRIES = 50
MOST_WALKED = 200_000
"""Entries that one page looks at: a tenth of a second or two; what is older is a page of its own."""
CLOCKS_APART = timedelta(minutes=5)
"""Entries are numbered as they commit, and each machine has its own clock."""


@dataclass(frozen=True, slots=True)
class Movement:
    """An entry with its place in a run's trace; `is_over` when its time has passed."""

    entry: LedgerEntry
    step_id: str
    kind: str
    tone: str
    is_over: bool

    @property
    def run_id(self) -> str:
        """The run of its hold; empty for what a person or an edit did."""
        return self.entry.hold.run_id if self.entry.hold else ""


@dataclass(frozen=True, slots=True)
class Movements:
    """A page of movements, and where the next older one begins (None: nothing is older)."""

    rows: list[Movement]
    older_than: int | None


@dataclass(frozen=True, slots=True)
class Stop:
    """Entries up to this one are not looked at; `is_first` when none of them can be the account's."""

    pk: int
    is_first: bool


_TONES = {EntryKind.TOP_UP: "ok", EntryKind.LAPSE: "warn", EntryKind.LIMIT: "run"}


def find_account(tenant: Tenant, account_id: int) -> Account | None:
    """The tenant's account of this id; None alike for one that is unknown and one of another tenant."""
    return Account.objects.for_tenant(tenant).select_related("tenant", "surface").filter(pk=account_id).first()


def with_waiting(tenant: Tenant, account_id: int) -> tuple[Account, int] | None:
    """The tenant's account of this id, and how many runs wait for its money; one query."""
    cap_nanos = Coalesce(OuterRef("limit_nanos"), 0) + OuterRef("topped_up_nanos")
    capped = Run.objects.filter(
        tenant=OuterRef("tenant_id"), state="paused_budget", capped_account_id=OuterRef("pk")
    ).filter(capped_limit_nanos__lte=cap_nanos)
    count = capped.order_by().annotate(counted=Func(F("pk"), function="COUNT", output_field=IntegerField()))
    accounts = Account.objects.for_tenant(tenant).select_related("tenant", "surface").filter(pk=account_id)
    found = accounts.annotate(waiting=Subquery(count.values("counted"))).first()
    return None if found is None else (found, int(vars(found)["waiting"]))


def movements(account: Account, *, before: int | None = None) -> Movements:
    """What moved this account, newest first, from the entry before `before` on.

    Holds have no index by account, since the hot path would pay for it. Those of a run or a session are found by
    its runs; else entries are walked backwards, no further than the window's first and than `MOST_WALKED`.
    """
    mine = Q(**{f"hold__{account.scope}_account": account})
    own = LedgerEntry.objects.of_account(account)
    stop = Stop(0, is_first=True)
    if account.scope == "run":
        found = [
            *_newest(LedgerEntry.objects.filter(mine, hold__run_id=account.subject), before),
            *_newest(own, before),
        ]
    elif account.scope == "session":
        runs = _runs_of_session(account).values("pk")
        found = [*_newest(LedgerEntry.objects.filter(mine, hold__run_id__in=runs), before), *_newest(own, before)]
    else:
        stop = _stop(account, before)
        found = _newest(LedgerEntry.objects.filter(mine | Q(account=account), pk__gt=stop.pk), before)
    entries = sorted(found, key=lambda entry: entry.pk, reverse=True)
    shown = entries[:PAGE_ENTRIES]
    steps = steps_of(entry.hold for entry in shown if entry.hold)
    older_than = shown[-1].pk if len(entries) > PAGE_ENTRIES else None if stop.is_first else stop.pk + 1
    return Movements([_movement(entry, steps) for entry in shown], older_than)


def alerts_of(account: Account) -> QuerySet[BudgetAlert]:
    """Every threshold that was passed in its window."""
    return account.alerts.order_by("percent")


def waiting_for(account: Account, *, amount_nanos: int = 1) -> QuerySet[Run]:
    """The runs that wait for this account and go on once it has so much more."""
    cap_nanos = (account.limit_nanos or 0) + account.topped_up_nanos + amount_nanos
    return Run.objects.filter(
        tenant=account.tenant_id, state="paused_budget", capped_account_id=account.pk, capped_limit_nanos__lt=cap_nanos
    )


def _newest(entries: QuerySet[LedgerEntry], before: int | None) -> list[LedgerEntry]:
    older = entries if before is None else entries.filter(pk__lt=before)
    return list(older.select_related("hold").order_by("-pk")[: PAGE_ENTRIES + 1])


def _runs_of_session(account: Account) -> QuerySet[Run]:
    return Run.objects.filter(surface=account.surface_id, session=account.subject.partition("/")[2])


def _stop(account: Account, before: int | None) -> Stop:
    """Where the walk ends: at an entry from before the account's window, or when it has been long enough."""
    earlier = LedgerEntry.objects.none()
    if account.window_start_at is not None and account.scope != "tenant_month":  # a month's first entry is far off
        start_at = account.window_start_at - CLOCKS_APART
        within = {"pk__lte": OuterRef("pk"), "pk__gt": OuterRef("pk") - MOST_WALKED}
        earlier = LedgerEntry.objects.filter(at__lt=start_at, **within).order_by("-pk")
    walk = LedgerEntry.objects.order_by("-pk").annotate(first=Subquery(earlier.values("pk")[:1]))
    walk = walk if before is None else walk.filter(pk__lt=before)
    newest, first = walk.values_list("pk", "first").first() or (0, None)
    reach = max(0, newest - MOST_WALKED)
    return Stop(first, is_first=True) if first else Stop(reach, is_first=not reach)


def _movement(entry: LedgerEntry, steps: dict[str, str]) -> Movement:
    kind = EntryKind(entry.kind)
    is_over = entry.expires_at is not None and entry.expires_at <= timezone.now()
    return Movement(entry, steps.get(entry.hold_id or "", ""), kind.label, _TONES.get(kind, ""), is_over)
