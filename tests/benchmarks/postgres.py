"""Run a private PostgreSQL server for the length of a benchmark, as durable as the server's defaults are."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from tests.harness.postgres import find_binaries

DISK = Path("/var/tmp")  # never a RAM disk, as /tmp may be: there a commit would cost nothing
PATIENCE_S = 30.0
POLL_S = 0.05
CONNECTIONS = 300  # the money benchmark has 64 processes, each with a pool
UNPRIVILEGED = ("postgres", "nobody")


class PostgresFailedError(RuntimeError):
    """PostgreSQL did not start; the message is the end of what it wrote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The system user the server runs as; all None means the user who runs the benchmark."""

    uid: int | None = None
    gid: int | None = None
    groups: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresServer:
    """A running server: its binaries and how to reach it."""

    binaries: Path
    folder: Path
    port: int
    password: str
    account: Account

    def url(self, database: str) -> str:
        """Return the address of one database in the form every contender takes."""
        return f"postgresql://bench:{self.password}@127.0.0.1:{self.port}/{database}"

    def create_database(self, name: str) -> str:
        """Create an empty database and return its address."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self.url(name)


@contextmanager
def private_postgres() -> Iterator[PostgresServer]:
    """Start a server on a free loopback port with an empty data folder; stop and delete it at the end.

    Unlike the tests' server this one waits for the disk.
    Raises ProgramMissing without binaries, PostgresFailedError when the server does not come up.
    """
    server = PostgresServer(
        binaries=find_binaries(),
        folder=Path(tempfile.mkdtemp(prefix="watchfloor-bench-pg-", dir=DISK)),
        port=_free_port(),
        password=secrets.token_hex(16),
        account=_server_account(),
    )
    try:
        _create_cluster(server)
        with _running(server):
            yield server
    finally:
        shutil.rmtree(server.folder, ignore_errors=True)


def _server_account() -> Account:
    """PostgreSQL refuses to run as root, so root borrows a system user without rights."""
    if os.geteuid() != 0:
        return Account()
    found = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = next(found[name] for name in UNPRIVILEGED if name in found)
    return Account(uid=entry.pw_uid, gid=entry.pw_gid, groups=())


def _create_cluster(server: PostgresServer) -> None:
    """Create the data folder; the password file exists only while initdb reads it."""
    secret = server.folder / "password"
    secret.write_text(server.password)
    if server.account.uid is not None:
        os.chown(server.folder, server.account.uid, -1)
        os.chown(secret, server.account.uid, -1)
    command = [str(server.binaries / "initdb"), "-D", str(server.folder / "data"), f"--pwfile={secret}"]
    command += ["-U", "bench", "-E", "UTF8", "--no-locale", "--auth=scram-sha-256"]
    _run(command, account=server.account)
    secret.unlink()


@contextmanager
def _running(server: PostgresServer) -> Iterator[None]:
    """Keep the server up; end it at once, since its data are thrown away."""
    command = [str(server.binaries / "postgres"), "-D", str(server.folder / "data"), "-k", str(server.folder)]
    command += ["-c", "listen_addresses=127.0.0.1", "-p", str(server.port), "-c", f"max_connections={CONNECTIONS}"]
    account = server.account
    with (server.folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=server.folder, stdout=log, stderr=log,
            user=account.uid, group=account.gid, extra_groups=account.groups, start_new_session=True,
        )  # fmt: skip
    try:
        _wait_until_ready(server, process)
        yield
    finally:
        process.send_signal(signal.SIGQUIT)
        process.wait(timeout=PATIENCE_S)


def _wait_until_ready(server: PostgresServer, process: subprocess.Popen[bytes]) -> None:
    """Return when the server takes connections; PostgreSQL tells nobody, so it has to be asked."""
    ask = [str(server.binaries / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(server.port)]
    give_up_at = time.monotonic() + PATIENCE_S
    while subprocess.run(ask, check=False).returncode:
        if process.poll() is not None or time.monotonic() > give_up_at:
            raise PostgresFailedError((server.folder / "log").read_text()[-2000:])
        time.sleep(POLL_S)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _run(command: list[str], *, account: Account | None = None) -> str:
    """Run one short command, as the given account, and return what it printed."""
    account = account or Account()
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=DISK,
        user=account.uid, group=account.gid, extra_groups=account.groups,
    )  # fmt: skip
    if done.returncode:
        raise PostgresFailedError(f"{Path(command[0]).name}: {done.stderr[-2000:]}")
    return done.stdout
