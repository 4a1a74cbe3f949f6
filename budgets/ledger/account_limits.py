"""Gives open accounts the limits of edited tiers, with an entry for each change, under the tiers' lock."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db.models import Q

from budgets.ledger.thresholds import keep_alerts, newly_reached, reached_by
from budgets.models import Account, LedgerEntry, Tenant, Tier
from budgets.models.entry import EntryKind
from budgets.own_limits import tighter
from budgets.tier_settings import limits_of
from budgets.tiers import Limits, Scope

CHUNK = 500
TOLD_ABOUT: frozenset[Scope] = frozenset({"user_day", "surface_day", "tenant_day", "tenant_month"})
"""Scopes with a window: a run or a session has its meter, and ends."""


def refresh_limits(
    *, tenant: Tenant, at: datetime, live_runs: Mapping[str, int | None], edited: Tier | None = None
) -> int:
    """Brings every open account of the tenant in line with its tiers; returns how many changed.

    `live_runs` are by id, each with the cap of its own in nano-USD, if it has one: no edit lifts it above that.
    With `edited` only those that this tier covers are looked at. Accounts are locked in id order, as every
    reservation locks them. Inside a transaction that holds the tiers.
    """
    tiers = list(Tier.objects.for_tenant(tenant))
    changed = 0
    for ids in _open_ids(tenant, at, live_runs, edited):
        accounts = Account.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")
        changed += _bring_in_line(list(accounts), tiers, at, live_runs)
    return changed


def thresholds_text(scope: Scope, limits: Limits) -> str:
    """How an account keeps the percentages at which people are told."""
    return ",".join(map(str, limits.thresholds)) if scope in TOLD_ABOUT else ""


def _open_ids(
    tenant: Tenant, at: datetime, live_runs: Mapping[str, int | None], edited: Tier | None
) -> Iterable[Sequence[int]]:
    windowed = Q(window_end_at__gt=at) | Q(scope="session") | Q(scope="run", subject__in=list(live_runs))
    accounts = Account.objects.for_tenant(tenant).filter(windowed)
    if edited is not None and edited.surface_id is not None:
        accounts = accounts.filter(surface=edited.surface_id)
    if edited is not None and edited.user:
        accounts = accounts.filter(user=edited.user)
    found = list(accounts.order_by("pk").values_list("pk", flat=True))
    return (found[start : start + CHUNK] for start in range(0, len(found), CHUNK))


def _bring_in_line(
    accounts: Sequence[Account], tiers: Sequence[Tier], at: datetime, own_caps: Mapping[str, int | None]
) -> int:
    changed, entries, told = [], [], []
    for account in accounts:
        covering = _covering(account, tiers)
        if account.scope == "run" and not any("run_nanos" in tier.settings for tier in covering if not tier.user):
            continue  # nobody says any more what a run may cost: what was promised at its launch holds
        limits = limits_of(covering)
        limit_nanos, thresholds = limits.of(account.known_scope), thresholds_text(account.known_scope, limits)
        if account.scope == "run":
            limit_nanos = tighter(limit_nanos, own_caps.get(account.subject))
        if account.limit_nanos != limit_nanos:
            entries.append(LedgerEntry(account=account, kind=EntryKind.LIMIT, limit_nanos=limit_nanos, at=at))
        if (account.limit_nanos, account.thresholds) != (limit_nanos, thresholds):
            before = reached_by(account)
            account.limit_nanos, account.thresholds = limit_nanos, thresholds
            changed.append(account)
            told += newly_reached(account, before, at)
    Account.objects.bulk_update(changed, ["limit_nanos", "thresholds"])
    LedgerEntry.objects.bulk_create(entries)
    keep_alerts(told)
    return len(changed)


def _covering(account: Account, tiers: Sequence[Tier]) -> list[Tier]:
    return [tier for tier in tiers if tier.surface_id in (None, account.surface_id) and tier.user in ("", account.user)]
