"""Look at what waits for a person's word, and say it, from the terminal."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agents.approvals.deciding import NotCounted, decide
from agents.models import Approval
from budgets.models import Tenant
from console.screens.approvals.waiting import in_short, open_in
from console.terminal.actor import terminal_actor


class Command(BaseCommand):
    """`manage.py approvals list [--tenant T]`, `... show ID`, `... approve ID`, `... deny ID --reason "..."`."""

    help = "List the calls that wait for a word, look at one, approve it as it is, or deny it."

    def add_arguments(self, parser: CommandParser) -> None:
        """What to do, with which approval, and why."""
        parser.add_argument("verb", choices=("list", "show", "approve", "deny"))
        parser.add_argument("approval", nargs="?", type=int, help="its number, as list prints it")
        parser.add_argument("--tenant", default="", help="only this tenant's")
        parser.add_argument("--reason", default="", help="a no wants one; the LLM reads it")

    def handle(self, *_args: Any, verb: str, approval: int | None, tenant: str, reason: str, **_options: Any) -> None:
        """Exit 1 with one line when there is no such approval, or the word does not count."""
        if verb == "list":
            self.stdout.write("\n".join(_lines(tenant)) or "Nothing waits.")
            return
        found = Approval.objects.select_related("run__tenant").filter(pk=approval or 0).first()
        if found is None:
            raise CommandError(f"There is no approval {approval}; `approvals list` says what waits.")
        if verb == "show":
            self.stdout.write(_preview(found))
            return
        if verb == "deny" and not reason.strip():
            raise CommandError("Give a reason; the LLM reads it.")
        self._say(found, approve=verb == "approve", reason=reason.strip())

    def _say(self, approval: Approval, *, approve: bool, reason: str) -> None:
        seen = approval.current_hash
        try:
            counted = decide(
                approval=approval, actor=terminal_actor(), approve=approve, note=reason, role="admin", seen=seen
            )
        except NotCounted as why:
            raise CommandError(str(why)) from None
        approval.refresh_from_db()
        if not counted:
            raise CommandError(f"Too late: it is {approval.decision or 'over'} already.")
        self.stdout.write(f"{approval.tool} of run {approval.run.short}: {approval.decision or 'one yes is counted'}.")


def _lines(tenant: str) -> list[str]:
    tenants = Tenant.objects.filter(slug=tenant) if tenant else Tenant.objects.order_by("slug")
    if tenant and not tenants:
        raise CommandError(f"There is no tenant {tenant!r}.")
    rows = [row for each in tenants for row in open_in(each).select_related("run__tenant").order_by("expires_at")]
    return [
        f"{row.pk}  {row.run.tenant.slug}  {row.tool}  run {row.run.short}  until {row.expires_at:%Y-%m-%d %H:%M:%S}  "
        f"{row.people} {row.role}  {in_short(row.arguments)}"
        for row in rows
    ]


def _preview(approval: Approval) -> str:
    made = approval.edited_arguments
    edited = [f"edited to: {made}"] if made is not None else []
    who = f"{approval.people} {approval.role}, {approval.outcome}"
    return "\n".join([approval.preview or str(approval.arguments), *edited, who])
