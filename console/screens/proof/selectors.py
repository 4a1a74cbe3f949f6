"""What the proof page reads of the verifications: the whole ledger's result, and this tenant's part of it."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from budgets.ledger.verification import EVERY_DAY, STAGES, TenantFigures
from budgets.models import Tenant, Verification, VerificationRequest
from console.models import User

SHOWN = 8


@dataclass(frozen=True, slots=True)
class Checked:
    """One verification, as this person may see it: rows of other tenants are not named."""

    at: datetime
    took_ms: int
    entries: int
    holds: int
    accounts: int
    adds_up: bool
    broken: str
    overshoot_nanos: int
    asked: str
    mine: TenantFigures


@dataclass(frozen=True, slots=True)
class Waiting:
    """A verification that was asked for and has not ended; `number` 0 while no worker has taken it."""

    asked_at: datetime
    stage: str
    number: int
    of: int


def verifications(tenant: Tenant, user: User) -> list[Checked]:
    """The last ones, newest first."""
    return [_checked(row, tenant, user) for row in Verification.objects.order_by("-pk")[:SHOWN]]


def waiting_request() -> Waiting | None:
    """The one that somebody is waiting for."""
    found = VerificationRequest.objects.waiting(timezone.now()).first()
    if found is None:
        return None
    number = STAGES.index(found.stage) + 1 if found.stage in STAGES else 0
    return Waiting(found.asked_at, found.stage, number, len(STAGES))


def _checked(row: Verification, tenant: Tenant, user: User) -> Checked:
    own = row.of_tenants.get(str(tenant.pk), {})
    askers = {EVERY_DAY: EVERY_DAY, user.get_username(): "you"}
    return Checked(
        at=row.at,
        took_ms=row.took_ms,
        entries=row.entries,
        holds=row.holds,
        accounts=row.accounts,
        adds_up=not row.mismatch,
        broken=row.mismatch if user.is_platform_admin else "",
        overshoot_nanos=row.overshoot_nanos,
        asked=askers.get(row.asked_by, "a person"),
        mine=TenantFigures(**own),
    )
