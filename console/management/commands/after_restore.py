"""Make a restored backup safe to work on."""

from typing import Any

from django.contrib.sessions.models import Session
from django.core.management.base import BaseCommand

from agents.restored import take_back_runs
from budgets import actions
from console.live.models import LiveEpoch
from console.models import SignInLink
from console.terminal.actor import terminal_actor


class Command(BaseCommand):
    """`manage.py after_restore`, once, before anything is started on a restored database."""

    help = (
        "Run this once after restoring a backup, while no web, worker or beat process runs: fences workers off, "
        "pauses runs that may have acted since the backup, has open pages read everything again, signs everybody out."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Runs first: should it be cut off, it is simply run again."""
        restored = take_back_runs()
        LiveEpoch.renew()
        Session.objects.all().delete()  # somebody may have signed out, or a link been used, since the backup
        SignInLink.objects.all().delete()
        actions.note(
            actor=terminal_actor(),
            verb="installation.after_restore",
            target="a restored backup",
            after={"paused": restored.paused, "going_on": restored.going_on},
        )
        self.stdout.write(
            f"{restored.paused} runs wait for a person, {restored.going_on} go on. Everybody is signed out. "
            "Now start the processes again; docs/operating.md says what to look at."
        )
