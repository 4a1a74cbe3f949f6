"""Silence on an approval is a no: the run goes on without the call."""

from django.db import transaction
from django.db.models.functions import Now

from agents import bell
from agents.contracts.base import JsonObject
from agents.contracts.events import Event
from agents.journal.append import append
from agents.models import Approval, Run
from budgets import clock


def expire(approval: Approval) -> bool:
    """Let an approval whose time is over be a no, and its run be due. False when somebody was faster.

    Of a run that has ended only the approval changes: its trace has ended with it.
    """
    row = None
    with transaction.atomic():
        run = Run.objects.select_for_update().get(pk=approval.run_id)
        late = Approval.objects.filter(pk=approval.pk, decision="", expires_at__lte=Now())
        if not late.update(decision="expired", decided_at=Now()):
            return False
        if not run.ended:
            data: JsonObject = {"call_id": approval.call_id, "tool": approval.tool, "decision": "expired", "by": ""}
            row = append(approval.run_id, [Event(kind="approval.decided", at=clock.now(), data=data)])
            Run.objects.filter(pk=run.pk, state="waiting_approval").update(state="queued", reason="", due_at=Now())
    if row is not None:
        bell.ring_head(row.id, row.tenant_id, row.next_seq - 1)
    return True
