"""Django's view of the runtime."""

import os

from django.apps import AppConfig

from agents import faults


class AgentsConfig(AppConfig):
    name = "agents"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Arm the fault points that a test has asked for in the environment; usually none."""
        faults.arm(os.environ)
