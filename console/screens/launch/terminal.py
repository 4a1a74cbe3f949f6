"""A launch as the commands that do the same: from a terminal of the installation, and from anywhere by curl. Pure."""

import json
import shlex
from collections.abc import Mapping

from pydantic import JsonValue

SHOWN_CHARACTERS = 2_000
OPTIONS = ("tenant", "surface", "agent-version", "user", "session", "llm", "cap", "turns", "seconds")


def launch_command(*, agent: str, task: str, options: Mapping[str, str]) -> str:
    """`manage.py launch ...`, quoted for a POSIX shell; a task too long for it is read from a file."""
    words = ["python", "manage.py", "launch", shlex.quote(agent or "AGENT")]
    words.append(shlex.quote(task or "TASK") if len(task) <= SHOWN_CHARACTERS else '"$(cat task.txt)"')
    words += [f"--{name} {shlex.quote(options[name])}" for name in OPTIONS if options.get(name)]
    return " ".join([*words, "--follow"])


def curl_command(*, address: str, body: Mapping[str, JsonValue]) -> str:
    """The API call, quoted for a POSIX shell; the token comes from the environment, a long body from a file."""
    text = json.dumps(body, ensure_ascii=False)
    words = ["curl", "-sS", "-X", "POST", shlex.quote(address)]
    words += ["-H", '"Authorization: Bearer $WATCHFLOOR_TOKEN"', "-H", "'Content-Type: application/json'"]
    words += ["--data", shlex.quote(text) if len(text) <= SHOWN_CHARACTERS else "@run.json"]
    return " ".join(words)
