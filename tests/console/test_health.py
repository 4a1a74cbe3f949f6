"""The health page."""

from typing import NoReturn

import pytest
from django.db import DatabaseError
from django.test import Client

pytestmark = pytest.mark.usefixtures("db")


class Down:
    """A database that does not answer."""

    def cursor(self) -> NoReturn:
        raise DatabaseError("down")


def test_without_redis_the_web_still_serves(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.health._redis_answers", lambda: False)
    response = client.get("/healthz/")
    assert response.status_code == 200
    assert response.json() == {"database": "ok", "redis": "down"}


def test_without_the_database_it_does_not(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.health._redis_answers", lambda: True)
    monkeypatch.setattr("console.health.connection", Down())
    response = client.get("/healthz/")
    assert response.status_code == 503
    assert response.json()["database"] == "down"
