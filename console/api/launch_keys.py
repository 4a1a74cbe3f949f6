"""How long the API knows under which key a run was launched."""

from datetime import timedelta

from budgets import clock
from console.models import LaunchKey

KEPT = timedelta(days=30)
"""Far longer than any client goes on asking again; what docs/api.md promises."""


def prune_launch_keys() -> None:
    """Drop the keys that are older; their runs stay."""
    LaunchKey.objects.filter(created_at__lt=clock.now() - KEPT).delete()
