"""The record of what operators do: one row an action, in the transaction of the act itself."""

from collections.abc import Mapping

from budgets import clock
from budgets.acting import present_place
from budgets.models import Action, Tenant

LONGEST_TARGET = 300


def note(
    *,
    actor: str,
    verb: str,
    target: str,
    tenant: Tenant | None = None,
    run_id: str = "",
    reason: str = "",
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
) -> Action:
    """Write down one action; call it in the transaction that does it, and only when it was done.

    ``before`` and ``after`` are plain JSON of what has changed; ``tenant`` None is for what concerns all of them.
    """
    return Action.objects.create(
        at=clock.now(),
        tenant=tenant,
        run_id=run_id,
        actor=actor,
        verb=verb,
        target=target[:LONGEST_TARGET],
        reason=reason,
        before=dict(before or {}),
        after=dict(after or {}),
        via=present_place(),
    )
