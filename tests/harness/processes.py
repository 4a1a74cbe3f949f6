"""Whether a process still lives."""

from pathlib import Path


def lives(pid: int) -> bool:
    """A zombie that its new parent has not yet buried counts as dead."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
