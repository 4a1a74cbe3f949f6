"""A person's word on a call that waits: yes, no, or yes to what they made of its arguments."""

import json
from dataclasses import dataclass, replace

from django.db import transaction
from django.db.models.functions import Now

from agents import bell
from agents.approvals.rules import RANK, stricter, terms_for
from agents.approvals.terms import standing_rules
from agents.contracts.base import JsonObject
from agents.contracts.endings import TERMINAL
from agents.contracts.events import Event
from agents.engine.batch import ApprovalTerms, ApproverRole
from agents.engine.edits import Edit, changes, checked
from agents.enqueue import enqueue, ring_again_at
from agents.journal.append import append
from agents.journal.gate import NotStorable, plain, storable
from agents.models import Approval, ApprovalVote, Run
from agents.run_input import spec_of
from agents.secrets.edges import object_to_keep
from agents.tools import boundary
from budgets import actions, clock


class NotCounted(Exception):
    """A word that does not count; the text tells the person why, and nothing was changed."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is voted on: the arguments under their key, and who must say yes to them."""

    arguments: JsonObject
    key: str
    terms: ApprovalTerms
    edited: bool


def decide(
    *,
    approval: Approval,
    actor: str,
    approve: bool,
    note: str = "",
    role: ApproverRole = "approver",
    arguments: JsonObject | None = None,
    seen: str = "",
) -> bool:
    """Say yes or no to a call. False when it was decided, has expired, or its run has ended: the first word wins.

    A no decides at once. A yes decides when as many different people as are needed have said yes to the same
    arguments; whoever launched the run may be one of them, and with two there is always another one. ``arguments``
    are what the person made of the call: they are checked as the LLM's were, and earlier yeses were to something else.
    ``seen`` is the key of the arguments that the person had before them. Raises NotCounted when they have changed since
    or the person's role does not reach, and boundary.Rejected for arguments that the tool does not take.
    """
    arguments = None if arguments is None else object_to_keep(arguments)
    with transaction.atomic():
        run = Run.objects.filter(pk=approval.run_id, kill_requested_at=None).exclude(state__in=TERMINAL)
        locked = run.select_for_update(of=("self",)).select_related("tenant", "version").first()
        present = Approval.objects.filter(pk=approval.pk, decision="", expires_at__gt=Now()).first()
        if locked is None or present is None:
            return False
        present.run = locked
        proposal = _proposal(present, arguments, seen) if approve else _as_it_is(present)
        _reaches(role, proposal.terms)
        word = _Word(present, actor, approve, plain(note), proposal)
        decided = word.count()
        row = append(locked.id, [word.event(decided)])
        word.note_action()
        woken = decided and _wake(locked.id)
    bell.ring_head(row.id, row.tenant_id, row.next_seq - 1)
    if woken:
        enqueue(locked.id)
    return True


class _Word:
    """One person's word, written down inside the caller's transaction."""

    def __init__(self, approval: Approval, actor: str, approve: bool, note: str, proposal: Proposal) -> None:
        self.approval = approval
        self.actor = actor
        self.approve = approve
        self.note = note
        self.proposal = proposal
        self.yeses: list[str] = []

    def count(self) -> bool:
        """Keep it; True when it decides the matter."""
        approval, proposal = self.approval, self.proposal
        said = ApprovalVote.objects.filter(approval=approval, by=self.actor, approve=True).first()
        if self.approve and said is not None and said.arguments_hash == proposal.key:
            raise NotCounted("You have said yes already; it takes another person now.")
        ApprovalVote.objects.update_or_create(
            approval=approval,
            by=self.actor,
            defaults={"approve": self.approve, "arguments_hash": proposal.key, "note": self.note, "at": clock.now()},
        )
        agreed = approval.votes.filter(approve=True, arguments_hash=proposal.key).order_by("at", "pk")
        self.yeses = list(agreed.values_list("by", flat=True))
        if self.approve:
            approval.people, approval.role = proposal.terms.people, proposal.terms.role
            approval.edited_arguments = proposal.arguments if proposal.edited else None
            approval.edited_hash = proposal.key if proposal.edited else ""
        decided = not self.approve or len(self.yeses) >= proposal.terms.people
        if decided:
            approval.decision = "approved" if self.approve else "denied"
            approval.decided_by = " and ".join(self.yeses)[:150] if self.approve else self.actor
            approval.decided_at = clock.now()
            approval.note = self.note
        approval.save()
        return decided

    def event(self, decided: bool) -> Event:
        data: JsonObject = {
            "call_id": self.approval.call_id,
            "tool": self.approval.tool,
            "decision": self.approval.decision or "yes",
            "by": self.approval.decided_by if decided else self.actor,
            "note": self.note,
            "yeses": len(self.yeses),
            "people": self.approval.people,
        }
        if self.approve and (told := self._told()):
            data["edited"] = told
        return Event(kind="approval.decided" if decided else "approval.voted", at=clock.now(), data=data)

    def _told(self) -> JsonObject | None:
        if not self.proposal.edited:
            return None
        given = changes(self.approval.arguments, self.proposal.arguments)
        return Edit(self.actor, self.proposal.arguments, self.proposal.key, self.approval.arguments_hash, given).told

    def note_action(self) -> None:
        """The row of what this person did, with the very arguments that they said it of."""
        approval, run = self.approval, self.approval.run
        after: JsonObject = {
            "tool": approval.tool,
            "call_id": approval.call_id,
            "arguments_hash": self.proposal.key,
            "decision": approval.decision or f"{len(self.yeses)} of {approval.people} yeses",
        }
        if self.approve and self.proposal.edited:
            after["arguments"] = self.proposal.arguments
        actions.note(
            actor=self.actor,
            verb=f"approval.{'approve' if self.approve else 'deny'}",
            target=f"run {run.short} of {run.agent_name}",
            tenant=run.tenant,
            run_id=run.id,
            reason=self.note,
            before={"arguments": approval.arguments} if "arguments" in after else None,
            after=after,
        )


def _as_it_is(approval: Approval) -> Proposal:
    made: JsonObject | None = approval.edited_arguments
    given: JsonObject = approval.arguments
    return Proposal(given if made is None else made, approval.current_hash, approval.terms, made is not None)


def _proposal(approval: Approval, arguments: JsonObject | None, seen: str) -> Proposal:
    """What this yes is said to. Other arguments may ask for more people than those that the LLM chose."""
    present = _as_it_is(approval)
    if seen and seen != present.key:
        raise NotCounted("The arguments were changed while you looked; look at them again.")
    if arguments is None:
        return present
    tool = next(tool for tool in spec_of(approval.run).tools if tool.name == approval.tool)
    given, key = checked(tool, approval.call_id, _cleaned(arguments))
    terms = stricter(approval.terms, terms_for(tool, given, standing_rules(approval.run.tenant_id)))
    if key == approval.arguments_hash:
        given = approval.arguments
    return replace(present, arguments=given, key=key, terms=terms, edited=key != approval.arguments_hash)


def _cleaned(arguments: JsonObject) -> JsonObject:
    """As they will be stored, so that what is checked and hashed is what goes out."""
    try:
        cleaned: JsonObject = json.loads(storable(arguments))
    except NotStorable as error:
        problem: JsonObject = {"path": "", "problem": str(error), "accepted": "plain JSON"}
        raise boundary.Rejected("invalid_arguments", [problem], "Write plain JSON.") from error
    return cleaned


def _reaches(role: ApproverRole, terms: ApprovalTerms) -> None:
    if RANK[role] < RANK[terms.role]:
        raise NotCounted(f"This call needs somebody with the role {terms.role}.")


def _wake(run_id: str) -> bool:
    waiting = Run.objects.filter(pk=run_id, state="waiting_approval")
    return bool(waiting.update(state="queued", reason="", due_at=ring_again_at(), attempts=0))
