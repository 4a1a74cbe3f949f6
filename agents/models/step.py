"""Recorded steps: each row is a checkpoint."""

from django.db import models

from agents.contracts.steps import Step
from agents.contracts.upcast import read_step


class StepRow(models.Model):
    """The output of one step of a run; rows are written once and never changed."""

    pk = models.CompositePrimaryKey("run_id", "number")
    run = models.ForeignKey("Run", on_delete=models.CASCADE, related_name="steps", db_index=False, db_constraint=False)
    number = models.PositiveIntegerField()
    turn = models.PositiveIntegerField()
    kind = models.CharField(max_length=12)
    schema_version = models.PositiveSmallIntegerField()
    output = models.JSONField()
    recorded_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.run_id}/{self.number} {self.kind}"

    def to_step(self) -> Step:
        """The stored step as a contract, whichever release wrote it. Raises CheckpointError."""
        return read_step(number=self.number, turn=self.turn, schema_version=self.schema_version, output=self.output)
