"""Instants as the database gives them: exact to the microsecond, in UTC, and refused where Python has none."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st
from psycopg.types.datetime import TimestamptzLoader

from budgets.instants import InstantLoader
from budgets.models import Hold
from tests.budgets.conftest import AT, Till

TIMESTAMPTZ = psycopg.adapters.types["timestamptz"].oid


def loaded(text: str) -> datetime:
    """As a connection reads this text of the server's."""
    return InstantLoader(TIMESTAMPTZ).load(text.encode())


@given(st.datetimes(timezones=st.just(UTC)))
def test_it_reads_what_psycopg_reads(at: datetime) -> None:
    text = at.isoformat(sep=" ").removesuffix(":00")
    assert loaded(text) == TimestamptzLoader(TIMESTAMPTZ).load(text.encode()) == at
    assert loaded(text).tzinfo is UTC


@pytest.mark.parametrize("fraction", ["1", "12", "123", "1234", "12345", "123456"])
def test_trailing_noughts_that_the_server_leaves_out_are_none(fraction: str) -> None:
    assert loaded(f"2026-11-22 10:22:14.{fraction}+00").microsecond == int(fraction.ljust(6, "0"))


def test_an_instant_of_another_zone_is_the_same_instant() -> None:
    assert loaded("2026-11-22 15:52:14+05:30") == datetime(2026, 11, 22, 10, 22, 14, tzinfo=UTC)


@pytest.mark.parametrize("text", ["infinity", "-infinity", "0044-03-15 00:00:00+00 BC", "12026-11-22 10:22:14+00"])
def test_what_python_has_no_instant_for_is_refused(text: str) -> None:
    with pytest.raises(psycopg.DataError):
        loaded(text)


def test_connections_read_with_it(till: Till) -> None:
    at = AT + timedelta(microseconds=100)
    Hold.objects.create(
        id="h", tenant=till.tenant, run_id="r", step=1, llm="x", amount_nanos=1, opened_at=at, state="open"
    )
    assert Hold.objects.get().opened_at == at
    if connection.vendor == "postgresql":
        assert connection.connection.adapters.get_loader(TIMESTAMPTZ, psycopg.pq.Format.TEXT) is InstantLoader
