"""Drills: an operator makes a service of the shop fail, and lets it work again."""

from agents.library.models import ServiceSwitch


def switch_service(*, service: str, failing: bool, note: str = "") -> None:
    """Make a service fail, or work again. Raises ServiceSwitch.DoesNotExist for an unknown one."""
    switch = ServiceSwitch.objects.get(service=service)
    switch.failing, switch.note = failing, note
    switch.save(update_fields=["failing", "note"])
