"""Recorded steps: each row is a checkpoint."""

from django.db import models

from agents.contracts.steps import Step


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
        """The stored step as a contract. Raises pydantic.ValidationError when the row is not readable."""
        return Step.model_validate(
            {
                "number": self.number,
                "turn": self.turn,
                "output": self.output,
                "schema_version": self.schema_version,
            }
        )
