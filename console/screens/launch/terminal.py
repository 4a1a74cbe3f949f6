"""A launch as the command that does the same from a terminal. Pure."""

import shlex
from collections.abc import Mapping

SHOWN_TASK_CHARACTERS = 2_000
OPTIONS = ("tenant", "surface", "user", "session", "llm")


def launch_command(*, agent: str, task: str, options: Mapping[str, str]) -> str:
    """`manage.py launch ...`, quoted for a POSIX shell; a task too long for it is read from a file."""
    words = ["python", "manage.py", "launch", shlex.quote(agent or "AGENT")]
    words.append(shlex.quote(task or "TASK") if len(task) <= SHOWN_TASK_CHARACTERS else '"$(cat task.txt)"')
    words += [f"--{name} {shlex.quote(options[name])}" for name in OPTIONS if options.get(name)]
    return " ".join([*words, "--follow"])
