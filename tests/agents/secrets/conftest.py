"""Keys of the tests' own, and a vault that remembers nothing of another test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from pytest_django import Settings

from agents.secrets.redaction import known
from agents.secrets.vault import vault


@pytest.fixture(autouse=True)
def _own_keys(settings: Settings, tmp_path: Path) -> None:
    settings.SECRET_KEYS = []
    settings.SECRET_KEYS_FILE = tmp_path / "secret_keys"
    settings.STATIC_ROOT = tmp_path  # pages take static files from their source folders


@pytest.fixture(autouse=True)
def _nothing_known() -> Iterator[None]:
    vault.__init__()  # type: ignore[misc]  # as in a process that has just begun
    known.learn([])
    yield
    vault.__init__()  # type: ignore[misc]
    known.learn([])


@pytest.fixture
def two_keys() -> tuple[str, str]:
    """An old key and a new one."""
    return Fernet.generate_key().decode(), Fernet.generate_key().decode()
