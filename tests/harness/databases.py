"""A migrated and seeded database for each stack: made once a test process, then copied."""

import itertools
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from tests.harness.stages import ROOT

TEMPLATE = f"stack_template_{os.getpid()}"


class StackDatabases:
    """Hands out copies of one prepared database, on whichever database the test run is for."""

    def __init__(self, *, server_url: str, folder: Path) -> None:
        """`server_url` is a PostgreSQL URL, or empty for SQLite files under `folder`."""
        self._server_url = server_url
        self._folder = folder
        self._numbers = itertools.count(1)
        self._prepared = False

    def copy(self, *, var: Path) -> dict[str, str]:
        """Environment variables that point a stack at its own copy; `var` is the stack's folder."""
        if not self._prepared:
            self._prepare()
        if not self._server_url:
            source = self._folder / "watchfloor.sqlite3"
            with sqlite3.connect(source) as original, sqlite3.connect(var / source.name) as duplicate:
                original.backup(duplicate)
            original.close()
            duplicate.close()
            return {"WATCHFLOOR_VAR": str(var), "DATABASE_URL": ""}
        name = f"stack_{os.getpid()}_{next(self._numbers)}"
        self._create(name, template=TEMPLATE)
        return {"WATCHFLOOR_VAR": str(var), "DATABASE_URL": self._url(name)}

    def _prepare(self) -> None:
        environment = {"WATCHFLOOR_VAR": str(self._folder), "DATABASE_URL": ""}
        if self._server_url:
            self._create(TEMPLATE, template="template1")
            environment["DATABASE_URL"] = self._url(TEMPLATE)
        for command in (("migrate", "--verbosity", "0"), ("seed",)):
            manage(*command, environment=environment)
        self._prepared = True

    def _create(self, name: str, *, template: str) -> None:
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        with psycopg.connect(self._server_url, autocommit=True) as connection:
            connection.execute(statement)

    def _url(self, name: str) -> str:
        return urlsplit(self._server_url)._replace(path=f"/{name}").geturl()


def manage(*arguments: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a management command against a stack; its output is in the answer, a failure raises with it."""
    done = subprocess.run(
        (sys.executable, "manage.py", *arguments),
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"manage.py {' '.join(arguments)} failed:\n{done.stdout}\n{done.stderr}")
    return done
