"""Event rows: the trace."""

from django.db import models

from agents.contracts.events import Event


class EventRow(models.Model):
    """One event; ``seq`` counts from 1 without a hole within the run."""

    pk = models.CompositePrimaryKey("run_id", "seq")
    # No constraint: only the recorder writes here, under the run's lock; PostgreSQL would look it up for each row.
    run = models.ForeignKey("Run", on_delete=models.CASCADE, related_name="events", db_index=False, db_constraint=False)
    seq = models.PositiveIntegerField()
    kind = models.CharField(max_length=32)
    at = models.DateTimeField()
    turn = models.PositiveIntegerField(default=0)
    attempt = models.PositiveSmallIntegerField(default=0)
    span_id = models.CharField(max_length=16, blank=True)
    parent_span_id = models.CharField(max_length=16, blank=True)
    duration_ms = models.PositiveIntegerField(null=True, blank=True)
    data = models.JSONField(default=dict)

    class Meta:
        # For figures over all runs; other events, which are nearly all of them, cost nothing more to write.
        indexes = (
            models.Index(
                fields=["at"],
                name="event_calls_judged",
                condition=models.Q(kind__in=["call.rejected", "call.corrected"]),
            ),
            models.Index(fields=["at"], name="event_drafts_judged", condition=models.Q(kind="verdict.given")),
        )

    def __str__(self) -> str:
        return f"{self.run_id}/{self.seq} {self.kind}"

    def to_event(self) -> Event:
        """The row as a contract, without its place in the sequence."""
        return Event.model_validate(
            {
                "kind": self.kind,
                "at": self.at,
                "turn": self.turn,
                "attempt": self.attempt,
                "span_id": self.span_id,
                "parent_span_id": self.parent_span_id,
                "duration_ms": self.duration_ms,
                "data": self.data,
            }
        )
