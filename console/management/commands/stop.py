"""Stop many runs at once, or keep a part of the house closed to them, from the terminal."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agents.kills import kill_all, live_ids
from agents.models import Switch
from agents.models.switch import REACHES
from agents.switches import SwitchRefused, lift, set_switch
from console.terminal.actor import terminal_actor
from console.terminal.stopping import WrongStop, matching, reach_named, tenant_named


class Command(BaseCommand):
    """`manage.py stop kill FILTER | set REACH [NAME] | lift NUMBER | list`."""

    help = "Kill the runs that a filter matches, or set, lift and list the switches that keep runs from starting."

    def add_arguments(self, parser: CommandParser) -> None:
        """What to stop, and why."""
        acts = parser.add_subparsers(dest="act", required=True)
        kill = acts.add_parser("kill", help="kill the live runs that a filter matches")
        kill.add_argument("filter", help='as above the list of runs: "agent:support-triage cost:>1"')
        switch = acts.add_parser("set", help="set a switch: kill what runs there, refuse launches until it is lifted")
        switch.add_argument("reach", choices=[reach for reach, _ in REACHES])
        switch.add_argument("name", nargs="?", default="", help="the tenant's, surface's, agent's or tool's")
        switch.add_argument("--everywhere", action="store_true", help="the agent or tool of all tenants")
        for each in (kill, switch):
            each.add_argument("--tenant", default="", help="only of this tenant")
            each.add_argument("--yes", action="store_true", help="do it; without, only say how many runs it would kill")
        lifted = acts.add_parser("lift", help="lift a switch")
        lifted.add_argument("number", type=int, help="see: stop list")
        for each in (kill, switch, lifted):
            each.add_argument("--reason", required=True, help="why; it is kept, and shown to whom it concerns")
        acts.add_parser("list", help="the switches that are set")

    def handle(self, *_args: Any, act: str, **options: Any) -> None:
        """Exit 1 with one line for what cannot be stopped so."""
        if not str(options.get("reason", "given")).strip():
            raise CommandError("Give a reason; it is kept.")
        try:
            {"kill": self._kill, "set": self._set, "lift": self._lift, "list": self._list}[act](options)
        except (WrongStop, SwitchRefused) as error:
            raise CommandError(str(error)) from None

    def _kill(self, options: dict[str, Any]) -> None:
        tenant = tenant_named(options["tenant"])
        runs = matching(options["filter"], tenant)
        if self._only_counted(len(live_ids(runs)), options):
            return
        order = kill_all(
            runs=runs, scope=options["filter"], actor=terminal_actor(), reason=options["reason"].strip(), tenant=tenant
        )
        self.stdout.write(f"Kill of {_runs(order.runs_count)} requested, order {order.pk}.")

    def _set(self, options: dict[str, Any]) -> None:
        reached = reach_named(
            options["reach"], options["name"], tenant=options["tenant"], everywhere=options["everywhere"]
        )
        if self._only_counted(reached.live, options):
            return
        switch = set_switch(
            reach=reached.reach,
            tenant=reached.tenant,
            surface=reached.surface,
            name=reached.name,
            actor=terminal_actor(),
            reason=options["reason"].strip(),
        )
        killed = switch.order.runs_count if switch.order else 0
        self.stdout.write(f"Switch {switch.pk} is set: {switch.words} is stopped, kill of {_runs(killed)} requested.")

    def _lift(self, options: dict[str, Any]) -> None:
        switch = Switch.objects.select_related("tenant", "surface").filter(pk=options["number"]).first()
        if switch is None or not lift(switch=switch, actor=terminal_actor(), reason=options["reason"].strip()):
            raise CommandError(f"No switch {options['number']} is set; see: stop list.")
        self.stdout.write(f"Switch {switch.pk} is lifted: {switch.words} may run again.")

    def _list(self, options: dict[str, Any]) -> None:
        del options
        switches = Switch.objects.on().select_related("tenant", "surface").order_by("pk")
        for each in switches:
            self.stdout.write(
                f"{each.pk}  {each.words}, by {each.set_by}, {each.set_at:%Y-%m-%d %H:%M} UTC: {each.reason}"
            )
        if not switches:
            self.stdout.write("No switch is set.")

    def _only_counted(self, count: int, options: dict[str, Any]) -> bool:
        if options["yes"]:
            return False
        self.stdout.write(f"This would kill {_runs(count)}. Nothing was done; add --yes to do it.")
        return True


def _runs(count: int) -> str:
    return "1 run" if count == 1 else f"{count:,} runs"
