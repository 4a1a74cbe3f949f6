"""The verbs that change a tier: edit, undo, and the end of an edit's time; each reaches open accounts at once."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from budgets import clock
from budgets.ledger.account_limits import refresh_limits
from budgets.limits import lock_tiers
from budgets.models import Surface, Tenant, Tier, TierEdit
from budgets.tier_settings import FIELDS, SettingRefused, TierSettings, check_level, check_order, limits_of

REASON_MAX_CHARS = 500
MOST_PER_SWEEP = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What an edit asks for: fields to set, fields to inherit from now on, why, and until when.

    Amounts are nano-USD. `made_from` says where the person stood: a screen, a command.
    """

    changes: Mapping[str, Any] = field(default_factory=dict)
    unset: Collection[str] = ()
    reason: str
    actor: str
    made_from: str
    expires_at: datetime | None = None


def edit_tier(
    *, tenant: Tenant, surface: Surface | None, user: str, change: Change, live_runs: Collection[str] = ()
) -> TierEdit | None:
    """Applies a change to a tier, which is made if it is new; None when it would change nothing.

    Raises `SettingRefused` with the field. Open accounts have their new limits in the same commit, those of
    `live_runs` among them; runs that have ended keep the limit that they ran under.
    """
    with transaction.atomic():
        lock_tiers(tenant.pk)
        tier = Tier.objects.filter(tenant=tenant, surface=surface, user=user).first()
        tier = tier or Tier(tenant=tenant, surface=surface, user=user)
        wanted = _checked(tier, change)
        if not wanted:
            return None
        before = {name: tier.settings.get(name) for name in wanted if name in tier.settings}
        tier.save()
        edit = TierEdit.objects.create(
            tier=tier,
            changes={name: value for name, value in wanted.items() if name not in change.unset},
            unset=sorted(set(change.unset) & set(wanted)),
            before=before,
            reason=change.reason.strip(),
            made_by=change.actor,
            made_from=change.made_from,
            expires_at=change.expires_at,
        )
        _apply(tier, live_runs)
    return edit


def undo_edit(*, edit: TierEdit, actor: str, live_runs: Collection[str] = ()) -> bool:
    """Lets an edit lapse: what earlier edits had set counts again, and later edits stay. False when it had lapsed."""
    with transaction.atomic():
        lock_tiers(edit.tier.tenant_id)
        lapsed = TierEdit.objects.filter(pk=edit.pk).standing().update(lapsed_at=clock.now(), lapsed_by=actor)
        if lapsed:
            _apply(Tier.objects.get(pk=edit.tier_id), live_runs)
    return bool(lapsed)


def expired_edits(at: datetime) -> list[TierEdit]:
    """Edits whose time is over and that still count; `undo_edit` ends them."""
    due = TierEdit.objects.standing().filter(expires_at__lte=at)
    return list(due.select_related("tier__tenant")[:MOST_PER_SWEEP])


def settings_after(tier: Tier, change: Change) -> TierSettings:
    """What a tier would set with this change; raises `SettingRefused`. Writes nothing: for a preview."""
    check_level(tier.level, [*change.changes, *change.unset])
    stored = {**tier.settings, **change.changes}
    return TierSettings.read({name: value for name, value in stored.items() if name not in change.unset})


def _checked(tier: Tier, change: Change) -> dict[str, Any]:
    """The fields that really change, with their stored values (None for those to inherit)."""
    if not change.reason.strip() or len(change.reason) > REASON_MAX_CHARS:
        raise SettingRefused("reason", f"Say why, in at most {REASON_MAX_CHARS} characters.")
    if change.expires_at is not None and change.expires_at <= clock.now():
        raise SettingRefused("expires_at", "This is in the past.")
    stored = settings_after(tier, change).stored()
    changed = {
        name: stored.get(name)
        for name in FIELDS
        if (name in stored) != (name in tier.settings) or stored.get(name) != tier.settings.get(name)
    }
    tier_after = Tier(tenant=tier.tenant, surface=tier.surface, user=tier.user, settings=stored)
    around = [each for each in _covering(tier) if each.pk != tier.pk]
    check_order(changed, limits_of([*around, tier_after]))
    return changed


def _covering(tier: Tier) -> list[Tier]:
    """The tiers that say something where this one does."""
    if tier.surface_id is not None:
        return list(Tier.objects.covering(tier.tenant_id, tier.surface_id, tier.user))
    return list(Tier.objects.for_tenant(tier.tenant).filter(surface=None, user__in={"", tier.user}))


def _apply(tier: Tier, live_runs: Collection[str]) -> None:
    """Adds the standing edits up, and gives every open account that follows from them its limit."""
    settings: dict[str, Any] = {}
    for edit in TierEdit.objects.filter(tier=tier).standing():
        settings |= edit.changes
        for name in edit.unset:
            settings.pop(name, None)
    tier.settings, tier.changed_at = settings, clock.now()
    tier.save(update_fields=["settings", "changed_at"])
    refresh_limits(tenant=tier.tenant, at=tier.changed_at, live_runs=live_runs)
