"""The programs that the tests drive and that no Python package brings: Chromium and redis-server."""

import os
import shutil
import subprocess

NEEDED = {"chromium": ("chromium", "chromium-browser", "google-chrome"), "redis-server": ("redis-server",)}


class ProgramMissing(Exception):
    """Its text says what to install."""


def missing() -> list[str]:
    """The Debian packages whose programs are not on PATH."""
    return [package for package, names in NEEDED.items() if not any(map(shutil.which, names))]


def browser_path() -> str:
    """The browser that the tests drive; ProgramMissing when there is none."""
    for name in NEEDED["chromium"]:
        if path := shutil.which(name):
            return path
    raise ProgramMissing("install Chromium (on Debian: apt install chromium)")


def provide() -> None:
    """Install what is missing as root through apt; otherwise ProgramMissing says what to install."""
    wanted = missing()
    if not wanted:
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise ProgramMissing(f"the tests drive {' and '.join(wanted)}; install: apt install {' '.join(wanted)}")
    print(f"Installing {' and '.join(wanted)} ...", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    quiet = ("-qq", "-o", "Dpkg::Use-Pty=0")
    for command in (("update",), ("install", "-y", "--no-install-recommends", *wanted)):
        done = subprocess.run(("apt-get", *quiet, *command), env=environment, stdout=subprocess.DEVNULL, check=False)
        if done.returncode:
            raise ProgramMissing(f"apt-get {command[0]} failed; install by hand: {' '.join(wanted)}")
