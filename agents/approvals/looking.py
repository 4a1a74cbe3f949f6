"""Who has an approval open, so that two people do not rack their brains over the same one."""

from datetime import timedelta

from django.db.models.functions import Now

from agents.models import Approval, ApprovalLook

STILL_THERE = timedelta(seconds=25)
"""Two and a half heartbeats of a page."""


def look(*, approval: Approval, actor: str) -> None:
    """Say that this person has it open now."""
    ApprovalLook.objects.update_or_create(approval=approval, by=actor, defaults={"seen_at": Now()})


def lookers(approval: Approval, *, but: str = "") -> list[str]:
    """Who else has it open, the latest first."""
    looks = ApprovalLook.objects.filter(approval=approval, seen_at__gt=Now() - STILL_THERE).exclude(by=but)
    return list(looks.order_by("-seen_at").values_list("by", flat=True))
