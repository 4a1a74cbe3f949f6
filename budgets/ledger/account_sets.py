"""The accounts that a run's calls count against: found or made once a run, and again when a window ends."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from budgets.hot_sql import stored_at
from budgets.ledger import statements
from budgets.ledger.account_limits import thresholds_text
from budgets.ledger.errors import LedgerError
from budgets.models import Surface, Tenant
from budgets.periods import Window, day_window, month_window, zone
from budgets.tiers import Limits, Scope

SUBJECT_MAX_CHARS = 200


@dataclass(frozen=True, slots=True)
class AccountSet:
    """Account ids of one run, by scope. At `valid_until` its day or month ends: then open them again."""

    run: int
    session: int | None
    user_day: int | None
    surface_day: int
    tenant_day: int
    tenant_month: int
    valid_until: datetime

    @property
    def columns(self) -> tuple[int | None, ...]:
        """The ids in the order of `tiers.SCOPES`."""
        return self.run, self.session, self.user_day, self.surface_day, self.tenant_day, self.tenant_month

    @property
    def ids(self) -> tuple[int, ...]:
        """The ids that exist, narrow to wide."""
        return tuple(account_id for account_id in self.columns if account_id is not None)

    def covers(self, at: datetime) -> bool:
        """False once a window has ended: open the accounts again before the next reservation."""
        return at < self.valid_until


@dataclass(frozen=True, slots=True)
class _Key:
    scope: Scope
    subject: str
    window: Window | None
    surface: int | None = None
    user: str = ""

    @property
    def triple(self) -> tuple[str, str, str]:
        return self.scope, self.subject, self.window.key if self.window else ""

    def row(self, tenant: Tenant, limits: Limits) -> tuple[str | int | None, ...]:
        starts_at = stored_at(self.window.start_at) if self.window else None
        ends_at = stored_at(self.window.end_at) if self.window else None
        limit_nanos = limits.of(self.scope)
        told_at = thresholds_text(self.scope, limits)
        whose = tenant.pk, *self.triple, self.surface, self.user
        return *whose, starts_at, ends_at, limit_nanos, limit_nanos, 0, 0, 0, told_at


def open_accounts(
    *, tenant: Tenant, surface: Surface, limits: Limits, run_id: str, user: str, session: str, at: datetime
) -> AccountSet:
    """Makes the accounts that are missing, under `limits`, and returns the ids of all.

    One to three statements; call it outside the transaction of a group of runs, and under
    `limits.hold_tiers_still` with limits that were read there: accounts that exist follow their tiers by
    `tier_edits`. `user` and `session` may be empty: then nothing is counted for them. A user's day counts
    across the tenant's surfaces, a session on its own. Raises `LedgerError` for a surface of another tenant
    and for names that no database could store.
    """
    keys = _keys(tenant, surface, run_id, user, session, at)
    found = _find(tenant, keys)
    missing = [key for key in keys if key.triple not in found]
    if missing:
        statements.insert_accounts([key.row(tenant, limits) for key in missing])
        found |= _find(tenant, missing)
    return _account_set(keys, found)


def known_accounts(
    *, tenant: Tenant, surface: Surface, run_id: str, user: str, session: str, at: datetime
) -> AccountSet | None:
    """What `open_accounts` would return, where it would make none; None where it would.

    One query, and no tier to hold still: accounts that exist follow their tiers by themselves. Raises as it does.
    """
    keys = _keys(tenant, surface, run_id, user, session, at)
    found = _find(tenant, keys)
    return _account_set(keys, found) if all(key.triple in found for key in keys) else None


def _account_set(keys: Sequence[_Key], found: Mapping[tuple[str, str, str], statements.FoundAccount]) -> AccountSet:
    ids = {key.scope: found[key.triple].id for key in keys}
    return AccountSet(
        run=ids["run"],
        session=ids.get("session"),
        user_day=ids.get("user_day"),
        surface_day=ids["surface_day"],
        tenant_day=ids["tenant_day"],
        tenant_month=ids["tenant_month"],
        valid_until=min(key.window.end_at for key in keys if key.window),
    )


def _keys(tenant: Tenant, surface: Surface, run_id: str, user: str, session: str, at: datetime) -> list[_Key]:
    """Wide to narrow, for everybody: two that make the same rows at once never wait for each other."""
    if surface.tenant_id != tenant.pk:
        raise LedgerError(f"surface {surface.pk} does not belong to tenant {tenant.pk}")
    for name in (run_id, user, session):
        _check_name(name)
    tz = zone(tenant.timezone)
    day, month = day_window(at, tz), month_window(at, tz)
    keys = [
        _Key("tenant_month", "", month),
        _Key("tenant_day", "", day),
        _Key("surface_day", str(surface.pk), day, surface.pk),
    ]
    if user:
        keys.append(_Key("user_day", user, day, None, user))
    if session:
        keys.append(_Key("session", f"{surface.pk}/{session}", None, surface.pk, user))
    return [*keys, _Key("run", run_id, None, surface.pk, user)]


def _check_name(name: str) -> None:
    storable = "\x00" not in name and name.encode("utf-8", "replace").decode() == name
    if not storable or len(name) > SUBJECT_MAX_CHARS:
        raise LedgerError(f"a run, user or session has at most {SUBJECT_MAX_CHARS} printable characters")


def _find(tenant: Tenant, keys: Sequence[_Key]) -> dict[tuple[str, str, str], statements.FoundAccount]:
    found = statements.find_accounts(tenant.pk, [key.triple for key in keys])
    return {(account.scope, account.subject, account.window): account for account in found}
