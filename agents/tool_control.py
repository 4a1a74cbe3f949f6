"""What a person does about the tools of all tenants: force a link, have it probed, set its limits, leave a note."""

from django.db import transaction

from agents import bell
from agents.journal.gate import plain
from agents.models import HealthChange, ToolHealth, ToolNote
from agents.tools.breaker import Forced
from agents.tools.standing import standing
from budgets import actions, clock
from budgets.models import Tenant

LONGEST_NOTE = 2_000
LONGEST_LINK = 200
MOST_SLOW_MS = 24 * 3600 * 1000


class ControlRefused(ValueError):
    """What was asked of a link cannot be; one sentence for people."""


def force(*, link: str, to: Forced, actor: str, reason: str) -> bool:
    """Decide for all workers what the breaker says: ``open``, ``closed``, or ``only`` this link of its chain.

    Counting goes on beneath. False when it is forced so already. Raises ControlRefused without a reason.
    """
    if to == "":
        raise ControlRefused("Say what to force the link to.")
    if not reason.strip():
        raise ControlRefused("Say why: whoever comes next reads it.")
    with transaction.atomic():
        others = _others_that_are_the_only_one(link) if to == "only" else []
        row = _locked(link)
        if row.forced == to:
            return False
        for other in others:
            _set_forced(other, "", actor, f"{link} is the only one now.")
        _set_forced(row, to, actor, reason)
    bell.ring_health(link)
    return True


def unforce(*, link: str, actor: str, reason: str = "") -> bool:
    """Let the breaker decide again, by what was counted meanwhile. False when it was not forced."""
    with transaction.atomic():
        row = ToolHealth.objects.select_for_update().filter(link=link).exclude(forced="").first()
        if row is None:
            return False
        _set_forced(row, "", actor, reason)
    bell.ring_health(link)
    return True


def ask_probe(*, link: str, actor: str) -> bool:
    """Have the link tried soon: by a worker where its tool has a probe, else by the next call that wants it.

    False when somebody has asked already and nobody has probed yet.
    """
    with transaction.atomic():
        row = _locked(link)
        if row.probe_asked_at is not None:
            return False
        row.probe_asked_at = clock.now()
        row.save(update_fields=["probe_asked_at", "updated_at"])
        actions.note(actor=actor, verb="tool.probe", target=_target(link))
    bell.ring_health(link)
    return True


def set_slow_limit(*, link: str, slow_after_ms: int | None, actor: str, reason: str = "") -> bool:
    """From how many milliseconds on an answer counts as a failure: 0 never, None as the link itself says.

    False when it is so already. Raises ControlRefused for a limit that is none.
    """
    if slow_after_ms is not None and not 0 <= slow_after_ms <= MOST_SLOW_MS:
        raise ControlRefused(f"The limit is between 0 and {MOST_SLOW_MS:,} ms.")
    with transaction.atomic():
        row = _locked(link)
        before = row.slow_after_ms
        if before == slow_after_ms:
            return False
        row.slow_after_ms = slow_after_ms
        row.save(update_fields=["slow_after_ms", "updated_at"])
        actions.note(
            actor=actor,
            verb="tool.slow_limit",
            target=_target(link),
            reason=plain(reason),
            before={"slow_after_ms": before},
            after={"slow_after_ms": slow_after_ms},
        )
    bell.ring_health(link)
    return True


def add_note(*, tenant: Tenant, tool: str, text: str, actor: str) -> ToolNote:
    """Leave a word for the tenant's next operator. Raises ControlRefused for an empty or endless one."""
    text = plain(text.strip())
    if not text or len(text) > LONGEST_NOTE:
        raise ControlRefused(f"A note has between 1 and {LONGEST_NOTE:,} characters.")
    with transaction.atomic():
        note = ToolNote.objects.create(tenant=tenant, tool=tool, text=text, by=actor)
        actions.note(actor=actor, verb="tool.note", target=f"tool {tool}", tenant=tenant, after={"note": note.pk})
    return note


def _locked(link: str) -> ToolHealth:
    owner, _, name = link.partition("/")
    if not owner or not name or len(link) > LONGEST_LINK:
        raise ControlRefused(f"{link[:LONGEST_LINK]!r} names no link: write tool/implementation or llm/reference.")
    row, _ = ToolHealth.objects.select_for_update().get_or_create(
        link=link, defaults={"window_started_at": clock.now()}
    )
    return row


def _others_that_are_the_only_one(link: str) -> list[ToolHealth]:
    """Of one chain only one can be. LLMs stand in many chains: there each is left as it was forced."""
    tool, _, _ = link.partition("/")
    if tool == "llm":
        return []
    chain = ToolHealth.objects.select_for_update().filter(link__startswith=f"{tool}/").order_by("link")
    return [row for row in chain if row.forced == "only" and row.link != link]


def _set_forced(row: ToolHealth, to: Forced, actor: str, reason: str) -> None:
    was, before = standing(row), row.forced
    row.forced = to
    row.forced_by, row.forced_at = (actor, clock.now()) if to else ("", None)
    row.forced_reason = plain(reason) if to else ""
    row.save()
    why = "forced by a person" if to else "no longer forced"
    HealthChange.objects.create(link=row.link, was=was, now=standing(row), why=why, by=actor)
    actions.note(
        actor=actor,
        verb="tool.force" if to else "tool.unforce",
        target=_target(row.link),
        reason=plain(reason),
        before={"forced": before},
        after={"forced": to},
    )


def _target(link: str) -> str:
    return f"link {link}"
