"""The verbs that change a tier: edit, undo, and the end of an edit's time; each reaches open accounts at once."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from budgets import actions, clock
from budgets.ledger.account_limits import refresh_limits
from budgets.limits import lock_tiers
from budgets.models import Surface, Tenant, Tier, TierEdit
from budgets.models.tier import USER_MAX_CHARS
from budgets.tier_settings import FIELDS, SettingRefused, TierSettings, check_level, check_order, limits_of
from budgets.tiers import Limits

REASON_MAX_CHARS = 500
MOST_PER_SWEEP = 100
NEW = "new"
NO_RUNS: Mapping[str, int | None] = {}

Check = Callable[[Collection[str], Limits], None]


class TierChanged(Exception):
    """Somebody edited the tier, or time did, after the person looked at it; nothing was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What an edit asks for: fields to set, fields to inherit from now on, why, and until when.

    Amounts are nano-USD. `made_from` says where the person stood: a screen, a command. `seen` is the `version_of`
    the tier that the person looked at; empty: whatever stands there.
    """

    changes: Mapping[str, Any] = field(default_factory=dict)
    unset: Collection[str] = ()
    reason: str
    actor: str
    made_from: str
    expires_at: datetime | None = None
    seen: str = ""


def edit_tier(
    *,
    tenant: Tenant,
    surface: Surface | None,
    user: str,
    change: Change,
    live_runs: Mapping[str, int | None] = NO_RUNS,
    check: Check | None = None,
) -> TierEdit | None:
    """Applies a change to a tier, which is made if it is new; None when it would change nothing.

    Raises `SettingRefused` with the field, and `TierChanged` when it is not what was seen. `check` may refuse too,
    given the changed fields and the limits to be. Open accounts have their new limits in the same commit, those
    of `live_runs` (with their own caps) among them; runs that have ended keep the limit that they ran under.
    """
    with transaction.atomic():
        lock_tiers(tenant.pk)
        tier = find_tier(tenant=tenant, surface=surface, user=user)
        if change.seen and change.seen != version_of(tier):
            raise TierChanged
        wanted = _checked(tier, change, check)
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
            made_at=clock.now(),
            made_from=change.made_from,
            expires_at=change.expires_at,
        )
        _apply(tier, live_runs)
        after = {**edit.changes, **dict.fromkeys(edit.unset)}
        _note(tier, change.actor, "tier.edit", reason=edit.reason, before=before, after=after)
    return edit


def undo_edit(*, edit: TierEdit, actor: str, live_runs: Mapping[str, int | None] = NO_RUNS) -> bool:
    """Lets an edit lapse: what earlier edits had set counts again, and later edits stay. False when it had lapsed."""
    with transaction.atomic():
        lock_tiers(edit.tier.tenant_id)
        lapsed = TierEdit.objects.filter(pk=edit.pk).standing().update(lapsed_at=clock.now(), lapsed_by=actor)
        if lapsed:
            _apply(Tier.objects.get(pk=edit.tier_id), live_runs)
            undone = {**edit.changes, **dict.fromkeys(edit.unset)}
            _note(edit.tier, actor, "tier.undo", reason=edit.reason, before=undone, after=edit.before)
    return bool(lapsed)


def find_tier(*, tenant: Tenant, surface: Surface | None, user: str) -> Tier:
    """The tier as it stands, or one that sets nothing and is not stored yet.

    Raises `SettingRefused` for a surface of another tenant and a user that no run could have.
    """
    if surface is not None and surface.tenant_id != tenant.pk:
        raise SettingRefused("surface", f"{surface.slug} is not a surface of {tenant.slug}.")
    if len(user) > USER_MAX_CHARS or not user.isprintable():
        raise SettingRefused("user", f"A user has at most {USER_MAX_CHARS} printable characters.")
    found = Tier.objects.filter(tenant=tenant, surface=surface, user=user).first()
    return found or Tier(tenant=tenant, surface=surface, user=user)


def tiers_around(tier: Tier) -> list[Tier]:
    """The stored tiers that say something where this one does, itself among them."""
    if tier.surface_id is not None:
        return list(Tier.objects.covering(tier.tenant_id, tier.surface_id, tier.user))
    return list(Tier.objects.for_tenant(tier.tenant).filter(surface=None, user__in={"", tier.user}))


def version_of(tier: Tier) -> str:
    """What tells one state of a tier from the next, for `Change.seen`."""
    return tier.changed_at.isoformat() if tier.pk else NEW


def expired_edits(at: datetime) -> list[TierEdit]:
    """Edits whose time is over and that still count; `undo_edit` ends them."""
    due = TierEdit.objects.standing().filter(expires_at__lte=at)
    return list(due.select_related("tier__tenant")[:MOST_PER_SWEEP])


def settings_after(tier: Tier, change: Change) -> TierSettings:
    """What a tier would set with this change; raises `SettingRefused`. Writes nothing: for a preview."""
    check_level(tier.level, [*change.changes, *change.unset])
    stored = {**tier.settings, **change.changes}
    return TierSettings.read({name: value for name, value in stored.items() if name not in change.unset})


def added_up(edits: Iterable[TierEdit]) -> dict[str, Any]:
    """What edits add up to, oldest first: a later one goes before an earlier one."""
    settings: dict[str, Any] = {}
    for edit in edits:
        settings |= edit.changes
        for name in edit.unset:
            settings.pop(name, None)
    return settings


def changed_by(tier: Tier, change: Change, check: Check | None = None) -> dict[str, Any]:
    """The fields that a change would really change, with their stored values (None for those to inherit).

    Raises `SettingRefused`; writes nothing: for a preview, which needs no reason yet.
    """
    stored = settings_after(tier, change).stored()
    differs = {name for name in FIELDS if _setting(stored, name) != _setting(tier.settings, name)}
    changed = {name: stored.get(name) for name in FIELDS if name in differs | _borrowed(tier, change)}
    tier_after = Tier(tenant=tier.tenant, surface=tier.surface, user=tier.user, settings=stored)
    limits = limits_of([*(each for each in tiers_around(tier) if each.pk != tier.pk), tier_after])
    check_order(changed, limits)
    if check is not None and changed:
        check(changed, limits)
    return changed


def _note(
    tier: Tier, actor: str, verb: str, *, reason: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> None:
    actions.note(
        actor=actor,
        verb=verb,
        target=f"limits of {tier}",
        tenant=tier.tenant,
        reason=reason,
        before=before,
        after=after,
    )


def _checked(tier: Tier, change: Change, check: Check | None) -> dict[str, Any]:
    if not change.reason.strip() or len(change.reason) > REASON_MAX_CHARS:
        raise SettingRefused("reason", f"Say why, in at most {REASON_MAX_CHARS} characters.")
    if change.expires_at is not None and change.expires_at <= clock.now():
        raise SettingRefused("expires_at", "This is in the past.")
    return changed_by(tier, change, check)


def _setting(stored: Mapping[str, Any], name: str) -> tuple[bool, Any]:
    """A setting that is None says something else than none."""
    return name in stored, stored.get(name)


def _borrowed(tier: Tier, change: Change) -> set[str]:
    """Fields of the change that stand as asked only until an edit expires, sooner than this change would."""
    ends: dict[str, datetime | None] = {}
    for edit in TierEdit.objects.filter(tier_id=tier.pk).standing():
        ends |= dict.fromkeys([*edit.changes, *edit.unset], edit.expires_at)
    asked = {*change.changes, *change.unset}
    sooner = {name for name, end in ends.items() if end and (change.expires_at is None or change.expires_at > end)}
    return asked & sooner


def _apply(tier: Tier, live_runs: Mapping[str, int | None]) -> None:
    """Adds the standing edits up, and gives every open account that follows from them its limit."""
    tier.settings, tier.changed_at = added_up(TierEdit.objects.filter(tier=tier).standing()), clock.now()
    tier.save(update_fields=["settings", "changed_at"])
    refresh_limits(tenant=tier.tenant, at=tier.changed_at, live_runs=live_runs, edited=tier)
