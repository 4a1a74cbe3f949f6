"""List the agents that can be launched."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from agents.models import Agent


class Command(BaseCommand):
    """`manage.py agents [--names]`."""

    help = "List the agents: name, version, title and what each is for."

    def add_arguments(self, parser: CommandParser) -> None:
        """How much to say."""
        parser.add_argument("--names", action="store_true", help="only the names, one a line")

    def handle(self, *_args: Any, names: bool, **_options: Any) -> None:
        """Agents without a version cannot run and are left out."""
        for agent in Agent.objects.filter(current__isnull=False).select_related("current").order_by("name"):
            self.stdout.write(agent.name if names else self._described(agent))

    def _described(self, agent: Agent) -> str:
        if agent.current is None:
            return agent.name
        spec = agent.current.to_spec()
        return f"{agent.name}  v{agent.current.number}  {spec.title}: {spec.purpose}"
