"""Agents and their versions; a run is bound to one version for ever."""

from typing import Literal

from django.db import models

from agents.contracts.specs import AgentSpec

Origin = Literal["library", "config", "screen"]
ORIGINS: tuple[tuple[Origin, str], ...] = (
    ("library", "the library"),
    ("config", "a config file"),
    ("screen", "the console"),
)


class Agent(models.Model):
    """An agent by name; what it is made of is in its versions."""

    name = models.SlugField(max_length=64, unique=True)
    current = models.ForeignKey(
        "AgentVersion", on_delete=models.PROTECT, null=True, blank=True, related_name="current_of"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class AgentVersion(models.Model):
    """One frozen spec of an agent, found again by the digest of its content.

    `origin` says who last made it current, and so whether a newer library may put its own in its place.
    """

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    spec = models.JSONField()
    origin = models.CharField(max_length=20, choices=ORIGINS, default="library")
    made_by = models.CharField(max_length=150, blank=True, db_default="")
    note = models.TextField(blank=True, db_default="")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["agent", "number"], name="agent_version_number"),
            models.UniqueConstraint(fields=["agent", "digest"], name="agent_version_digest"),
        )

    def __str__(self) -> str:
        return f"{self.agent.name} v{self.number}"

    def to_spec(self) -> AgentSpec:
        return AgentSpec.model_validate(self.spec)
