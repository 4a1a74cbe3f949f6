"""How long a run has taken, or has been going: from its launch, as whoever waits for it counts. Pure."""

from datetime import timedelta

from agents.models import Run


def took_ms(run: Run) -> int | None:
    """Milliseconds from its launch to its end; None while it has not ended."""
    return None if run.ended_at is None else max(0, (run.ended_at - run.created_at) // timedelta(milliseconds=1))
