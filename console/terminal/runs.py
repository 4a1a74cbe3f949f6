"""Finds the run that a person names in a terminal, by its whole id or by the short one."""

from agents.models import Run

SHORT_CHARACTERS = 4


class NoSuchRun(LookupError):
    """No run, or more than one, has that id."""


def find_run(wanted: str) -> Run:
    """The run of this id or of the one id that ends so. Raises NoSuchRun."""
    text = wanted.strip().lower()
    if len(text) < SHORT_CHARACTERS:
        raise NoSuchRun(f"{wanted!r} is too short for a run's id; give at least its last {SHORT_CHARACTERS} digits.")
    found = list(Run.objects.select_related("tenant").filter(id__endswith=text).order_by("-id")[:3])
    if not found:
        raise NoSuchRun(f"There is no run {wanted!r}.")
    if len(found) > 1:
        raise NoSuchRun(f"Several runs end in {wanted!r}: {', '.join(run.pk for run in found)}.")
    return found[0]
