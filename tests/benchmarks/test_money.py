"""The money benchmark, small: what holds for 64 processes holds for four, on both databases."""

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings
from psycopg import sql

from tests.benchmarks.money import Size, judged, measure_money
from tests.benchmarks.rows import Database

SMALL = Size(processes=4, calls=10, cap=13, pairs=5, callers=3)


@pytest.fixture
def empty_database(db: None, tmp_path: Path) -> Iterator[str]:  # noqa: ARG001 - marks the test as one for both databases
    """An address where nothing is yet."""
    if not settings.DATABASE_URL:
        yield f"sqlite:///{tmp_path}/money.sqlite3"
        return
    name = f"money_{os.getpid()}"
    with psycopg.connect(settings.DATABASE_URL, autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield urlsplit(settings.DATABASE_URL)._replace(path=f"/{name}").geturl()
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def test_processes_that_race_to_a_cap_are_admitted_exactly_as_often_as_fits(
    empty_database: str, tmp_path: Path
) -> None:
    found = measure_money(empty_database, tmp_path, SMALL)
    race = found["race"]
    assert (race["admitted"], race["refused"], race["errors"]) == (13, 27, {})
    assert (race["overshoot_nanos"], race["broken"]) == (0, "")
    assert found["pairs_per_s"] > 0


def test_a_target_that_is_missed_is_said() -> None:
    race = {"admitted": 14, "refused": 26, "errors": {}, "overshoot_nanos": 0, "broken": "", "seconds": 1.0}
    found = {"race": race, "pair_ms": {"p50": 5.0, "p95": 9.0}, "pairs_per_s": 401.0}
    assert [met for _, met in judged(Database.POSTGRES, found, SMALL)] == [False, True, True]
    assert [met for _, met in judged(Database.SQLITE, found, SMALL)] == [False, False, True]
