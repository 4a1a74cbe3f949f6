"""The verbs on budgets that runs feel: top up, edit a tier, undo an edit; runs that waited for the money go on."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.db.models import BigIntegerField, Exists, ExpressionWrapper, F, OuterRef, QuerySet

from agents import lifecycle
from agents.contracts.endings import TERMINAL
from agents.contracts.llms import LLMError, priced_name
from agents.journal.gate import plain
from agents.llms.registry import split_reference
from agents.models import Run
from budgets import actions, clock, tier_edits
from budgets.ledger import LedgerError, due_top_ups, lapse_top_up
from budgets.ledger import top_up as top_up_account
from budgets.limits import NoTier, lock_tiers, resolved
from budgets.models import Account, LedgerEntry, Surface, Tenant, Tier, TierEdit
from budgets.money import format_usd
from budgets.own_limits import OwnLimits
from budgets.prices import UnknownPrice, price_for
from budgets.tier_edits import Change
from budgets.tier_settings import SettingRefused
from budgets.tiers import Limits

MOST_PER_SWEEP = 500
CLOCK = "the clock"
MOST_REASON_CHARACTERS = 500


def top_up(
    *, account: Account, amount_nanos: int, reason: str, actor: str, expires_at: datetime | None = None
) -> LedgerEntry:
    """Raise what an account may spend, and let the runs that waited for it go on at the same step.

    Nano-USD. Raises `LedgerError`, with a sentence for people; then nothing was raised.
    """
    with transaction.atomic():
        if account.scope == "run":  # before its account: the recorder locks them in this order too
            live = Run.objects.filter(pk=account.subject).exclude(state__in=TERMINAL)
            if not live.update(cap_nanos=F("cap_nanos") + amount_nanos):
                raise LedgerError("This run has ended; a top-up would reach nobody.")
        entry = top_up_account(
            account_id=account.pk, amount_nanos=amount_nanos, reason=_kept(reason), actor=actor, expires_at=expires_at
        )
        actions.note(
            actor=actor,
            verb="budget.top_up",
            target=f"budget of {account.scope.replace('_', ' ')} {account.subject}".rstrip(),
            tenant=account.tenant,
            run_id=account.subject if account.scope == "run" else "",
            reason=entry.reason,
            after={"amount_nanos": amount_nanos, "expires_at": expires_at.isoformat() if expires_at else None},
        )
    wake_funded(actor=actor, why=f"topped up by {format_usd(amount_nanos)}: {reason}")
    return entry


def edit_tier(*, tenant: Tenant, surface: Surface | None, user: str, change: Change) -> TierEdit | None:
    """Edit a tier; runs under way follow it at once, and those that waited for the money go on.

    None when nothing would change. Raises `SettingRefused`, and `TierChanged` when it is not what was seen.
    """
    edit = write_edit(tenant=tenant, surface=surface, user=user, change=change)
    wake_funded(actor=change.actor, why=f"limits edited: {change.reason}")
    return edit


def write_edit(*, tenant: Tenant, surface: Surface | None, user: str, change: Change) -> TierEdit | None:
    """`edit_tier` for whoever commits several edits together, and calls `wake_funded` after that."""
    change = replace(change, reason=_kept(change.reason))
    with transaction.atomic():
        live = _live(tenant)
        edit = tier_edits.edit_tier(
            tenant=tenant, surface=surface, user=user, change=change, live_runs=live, check=check_cheaper_llm
        )
        _tell_runs(tenant)
    return edit


def hold_still(tenants: Iterable[Tenant]) -> None:
    """Until this transaction ends nobody edits a tier of these tenants, and their live runs take no step.

    For edits of several tenants in one transaction: in the order in which everybody locks, tenants before runs.
    """
    held = [lock_tiers(pk) for pk in sorted(tenant.pk for tenant in tenants)]
    live = Run.objects.select_for_update(no_key=True).filter(tenant__in=held).exclude(state__in=TERMINAL)
    list(live.order_by("pk").values_list("pk", flat=True))


def undo_edit(*, edit: TierEdit, actor: str) -> bool:
    """Take an edit back; later edits stay. False when it had lapsed before."""
    tenant = edit.tier.tenant
    with transaction.atomic():
        undone = tier_edits.undo_edit(edit=edit, actor=actor, live_runs=_live(tenant))
        _tell_runs(tenant)
    wake_funded(actor=actor, why="an edit of the limits was undone")
    return undone


def let_time_pass(at: datetime) -> None:
    """End the edits and top-ups whose time is over, and wake runs whose budget has begun afresh."""
    for edit in tier_edits.expired_edits(at):
        undo_edit(edit=edit, actor=CLOCK)
    for entry in due_top_ups(at):
        _lapse(entry, at)
    wake_funded(actor=CLOCK, why="its budget has room again")


def wake_funded(*, actor: str, why: str) -> int:
    """Resume the runs that wait for an account whose limit has risen, or whose day or month is over."""
    waiting = Run.objects.filter(state="paused_budget", capped_account_id__isnull=False)
    funded = waiting.filter(~Exists(_as_full_as_ever(clock.now()))).order_by("pk")[:MOST_PER_SWEEP]
    by_person = actor != CLOCK
    return sum(
        lifecycle.wake(run=run, actor=actor, why=why, waiting_in={"paused_budget"}, by_person=by_person)
        for run in funded
    )


def check_cheaper_llm(changed: Collection[str], limits: Limits) -> None:
    """Raises `SettingRefused` when an edit names a cheaper LLM that could not be called, or stops allowing it."""
    llm = limits.cheaper_llm
    if not llm or {"cheaper_llm", "allowed_llms"}.isdisjoint(changed):
        return
    if not limits.allows_llm(priced_name(llm)):
        if "cheaper_llm" in changed:
            raise SettingRefused("cheaper_llm", f"{llm} is not among the allowed LLMs.")
        raise SettingRefused("allowed_llms", f"The cheaper LLM {llm} would not be allowed; change that one too.")
    try:
        split_reference(llm)
        price_for(priced_name(llm), clock.now())
    except (LLMError, UnknownPrice) as error:
        raise SettingRefused("cheaper_llm", str(error)) from error


def _as_full_as_ever(at: datetime) -> QuerySet[Account]:
    """The account that stopped the run, as long as its window is not over and its limit is no higher than then."""
    then = ExpressionWrapper(OuterRef("capped_limit_nanos") - F("topped_up_nanos"), BigIntegerField())
    stopped_by = Account.objects.filter(pk=OuterRef("capped_account_id"))
    return stopped_by.exclude(window_end_at__lte=at).filter(limit_nanos__lte=then)


def _kept(reason: str) -> str:
    """As much of a reason as its row holds; a command line or a file may bring any bytes."""
    return plain(reason.strip())[:MOST_REASON_CHARACTERS]


def _lapse(entry: LedgerEntry, at: datetime) -> None:
    """Ends a top-up; a run's own cap, which lists show, goes down with it."""
    account = entry.account
    run = Run.objects.filter(pk=account.subject if account and account.scope == "run" else "")
    with transaction.atomic():
        list(run.select_for_update(no_key=True))  # before its account, as ever
        taken_nanos = lapse_top_up(entry, at)
        run.update(cap_nanos=F("cap_nanos") - taken_nanos)


def _live(tenant: Tenant) -> dict[str, int | None]:
    """Locks the tiers, then the live runs, which are told with their own caps: everybody locks runs before accounts."""
    lock_tiers(tenant.pk)
    live = Run.objects.select_for_update(no_key=True).filter(tenant=tenant).exclude(state__in=TERMINAL)
    found = live.order_by("pk").values_list("pk", "own_limits")
    return {pk: OwnLimits.stored(own).run_nanos for pk, own in found}


def _tell_runs(tenant: Tenant) -> None:
    """Live runs carry a copy of their limits, for their loop and for lists; the accounts have the money's."""
    tiers = list(Tier.objects.for_tenant(tenant))
    runs = list(Run.objects.filter(tenant=tenant).exclude(state__in=TERMINAL).select_related("surface"))
    topped_up = dict(
        Account.objects.for_tenant(tenant)
        .filter(scope="run", subject__in=[run.pk for run in runs])
        .values_list("subject", "topped_up_nanos")
    )
    changed = [run for run in runs if _follows(run, tiers, topped_up.get(run.pk, 0))]
    Run.objects.bulk_update(changed, ["limits", "cap_nanos"], batch_size=500)


def _follows(run: Run, tiers: Iterable[Tier], topped_up_nanos: int) -> bool:
    """Whether the run's copy had to be changed."""
    covering = [tier for tier in tiers if tier.surface_id in (None, run.surface_id) and tier.user in ("", run.user)]
    try:
        limits = OwnLimits.stored(run.own_limits).within(resolved(covering, run.surface))
    except NoTier:
        return False
    cap_nanos = None if limits.run_nanos is None else limits.run_nanos + topped_up_nanos
    copy = limits.as_json()
    before = run.limits, run.cap_nanos
    run.limits, run.cap_nanos = copy, cap_nanos
    return before != (copy, cap_nanos)
