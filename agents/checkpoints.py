"""A run's recorded steps, read in order and checked: each is a checkpoint from which the run can go on."""

from collections.abc import Iterable, Iterator

from django.db.models import F
from django.db.models.functions import Length

from agents.contracts.steps import Step, ToolStep
from agents.contracts.upcast import MissingBlob, UnreadableCheckpoint
from agents.models import Blob, Run

STEPS_AT_ONCE = 200


def recorded_steps(run: Run, *, up_to: int | None = None) -> Iterator[Step]:
    """The steps up to and with a number, never many at once: a run may have taken tens of thousands.

    Raises CheckpointError at the first one that cannot be gone on from.
    """
    rows = run.steps.order_by("number") if up_to is None else run.steps.filter(number__lte=up_to).order_by("number")
    last = 0
    # A query for each part rather than one cursor, which would stay open wherever the reader stops.
    while some := [row.to_step() for row in rows.filter(number__gt=last)[:STEPS_AT_ONCE]]:
        _check_blobs(some)
        for step in some:
            if step.number != last + 1:
                raise UnreadableCheckpoint(f"Step {last + 1} is missing: after step {last} comes step {step.number}.")
            last = step.number
            yield step
    if up_to is not None and last < up_to:
        raise UnreadableCheckpoint(f"Step {last + 1} is missing: the run has {last} steps.")


def _check_blobs(steps: Iterable[Step]) -> None:
    """The LLM may read on in each large output that it was shown the head of, so that all of it must be there."""
    asked = {step.output.source: step.number for step in steps if isinstance(step.output, ToolStep)}
    asked.pop("", None)
    if not asked:
        return
    whole = Blob.objects.annotate(stored=Length("content")).filter(pk__in=asked, stored=F("size_bytes"))
    lost = asked.keys() - set(whole.values_list("pk", flat=True))
    if lost:
        number = min(asked[handle] for handle in lost)
        raise MissingBlob(f"The large output of step {number} is gone or cut off, so that nothing can go on from it.")
