"""Verifications that a person asked for: a row that says how far it is, since whoever asked is watching."""

from datetime import UTC, datetime

from django.db import transaction

from budgets import actions
from budgets.ledger.verification import STAGES, verify_and_keep
from budgets.models import Tenant, Verification, VerificationRequest


def ask_for_verification(*, asked_by: str, tenant: Tenant | None = None) -> VerificationRequest:
    """The request that is waiting already, else a new one: two at once would only read everything twice."""
    now = datetime.now(UTC)
    waiting = VerificationRequest.objects.waiting(now).first()
    if waiting:
        return waiting
    with transaction.atomic():
        actions.note(actor=asked_by, verb="ledger.verify", target="the whole ledger", tenant=tenant)
        return VerificationRequest.objects.create(asked_at=now, asked_by=asked_by)


def answer_waiting() -> Verification | None:
    """Verifies the ledger for the oldest request that nobody has taken; None when there is none.

    Every worker looks; of several that see a request, one takes it.
    """
    request = VerificationRequest.objects.waiting(datetime.now(UTC)).filter(stage="").order_by("pk").first()
    if request is None:
        return None
    mine = VerificationRequest.objects.filter(pk=request.pk)
    if not mine.filter(stage="").update(stage=STAGES[0]):
        return None
    found = verify_and_keep(asked_by=request.asked_by, tell=lambda stage: mine.update(stage=stage))
    mine.update(ended_at=found.at)
    return found
