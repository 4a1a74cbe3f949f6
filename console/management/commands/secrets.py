"""Set, list and remove secrets, and lock all of them with the newest key, from the terminal."""

import getpass
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agents.models import Secret
from agents.secrets.keys import KeysAmiss, opened
from agents.secrets.store import SecretRefused, remove_secret, rotate, set_secret
from budgets.models import Tenant
from console.terminal.actor import terminal_actor
from console.terminal.stopping import WrongStop, tenant_named


class Command(BaseCommand):
    """`manage.py secrets list | set NAME | remove NAME | rotate`, of all tenants or with --tenant of one."""

    help = "Secrets of tools and vendors. A value comes from standard input, never from the command line."

    def add_arguments(self, parser: CommandParser) -> None:
        """What to do, and with whose secret."""
        acts = parser.add_subparsers(dest="act", required=True)
        acts.add_parser("list", help="names, whose they are, and whether they can be read; never a value")
        setting = acts.add_parser("set", help="keep the value that is read from standard input, or asked for")
        removal = acts.add_parser("remove", help="take a secret away from whatever needs it")
        for each in (setting, removal):
            each.add_argument("name")
            each.add_argument("--tenant", default="", help="the tenant whose own it is; else it is of all tenants")
        acts.add_parser("rotate", help="lock every secret with the newest key")

    def handle(self, *_args: Any, act: str, **options: Any) -> None:
        """Exit 1 with one line for what cannot be."""
        try:
            {"list": self._list, "set": self._set, "remove": self._remove, "rotate": self._rotate}[act](options)
        except (SecretRefused, KeysAmiss, WrongStop) as error:
            raise CommandError(str(error)) from None

    def _list(self, options: dict[str, Any]) -> None:
        del options
        secrets = Secret.objects.select_related("tenant").order_by("name", "tenant__slug")
        for each in secrets:
            used = f"used {each.used_at:%Y-%m-%d %H:%M} UTC" if each.used_at else "not used yet"
            line = f"{each.name}  {_whose(each.tenant)}, by {each.set_by}, {each.set_at:%Y-%m-%d %H:%M} UTC, {used}"
            self.stdout.write(line + _amiss(each))
        if not secrets:
            self.stdout.write("No secret is set.")

    def _set(self, options: dict[str, Any]) -> None:
        tenant = tenant_named(options["tenant"])
        value = getpass.getpass("Value: ") if sys.stdin.isatty() else sys.stdin.read()
        secret = set_secret(tenant=tenant, name=options["name"], value=value.strip(), actor=terminal_actor())
        self.stdout.write(f"Secret {secret.name} of {_whose(tenant)} is set.")

    def _remove(self, options: dict[str, Any]) -> None:
        tenant = tenant_named(options["tenant"])
        secret = Secret.objects.filter(tenant=tenant, name=options["name"]).first()
        if secret is None or not remove_secret(secret=secret, actor=terminal_actor()):
            raise CommandError(f"{_whose(tenant).capitalize()} has no secret {options['name']}; see: secrets list.")
        self.stdout.write(f"Secret {options['name']} of {_whose(tenant)} is removed.")

    def _rotate(self, options: dict[str, Any]) -> None:
        del options
        done = rotate(actor=terminal_actor())
        self.stdout.write(f"{done.count} locked with the newest key.")
        if done.unreadable:
            raise CommandError(
                f"Left as they were, for the present keys do not open them: {', '.join(done.unreadable)}."
            )


def _whose(tenant: Tenant | None) -> str:
    return f"tenant {tenant.slug}" if tenant else "all tenants"


def _amiss(secret: Secret) -> str:
    try:
        opened(secret.ciphertext)
    except KeysAmiss as amiss:
        return f". {amiss}"
    return ""
