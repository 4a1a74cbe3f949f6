"""Health of each implementation and LLM, shared by all workers."""

from typing import cast

from django.db import models

from agents.tools.breaker import Forced, State

STATES = (("closed", "closed"), ("open", "open"), ("half_open", "half open"))
FORCED = (("", "not forced"), ("open", "forced open"), ("closed", "forced closed"))


class ToolHealth(models.Model):
    """The circuit breaker of one link of a chain; ``link`` is ``tool/implementation`` or ``llm/<reference>``."""

    link = models.CharField(max_length=200, unique=True)
    state = models.CharField(max_length=10, choices=STATES, default="closed")
    forced = models.CharField(max_length=10, choices=FORCED, blank=True)
    calls = models.PositiveIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0)
    window_started_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True, blank=True)
    probe_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.link} {self.state}"

    @property
    def known_state(self) -> State:
        return cast(State, self.state)

    @property
    def known_forced(self) -> Forced:
        return cast(Forced, self.forced)
