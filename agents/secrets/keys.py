"""The keys that secrets are locked with: outside of the database, the newest first."""

import contextlib
import os
import tempfile
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class KeysAmiss(Exception):
    """Secrets cannot be locked or opened with the keys that this process has; the text says which key and why."""


class CannotRead(KeysAmiss):
    """This secret was locked with a key that is not among the present ones."""


def locked(value: str) -> str:
    """The value under the newest key; where nobody has given a key, one is made and kept. Raises KeysAmiss."""
    return _keys(make=True).encrypt(value.encode()).decode("ascii")


def opened(ciphertext: str) -> str:
    """What was locked. Raises CannotRead, KeysAmiss."""
    try:
        return _keys().decrypt(ciphertext).decode()
    except (InvalidToken, ValueError):
        raise CannotRead("It cannot be read with the present keys.") from None


def relocked(ciphertext: str) -> str:
    """The same value under the newest key. Raises CannotRead, KeysAmiss."""
    try:
        return _keys().rotate(ciphertext).decode("ascii")
    except (InvalidToken, ValueError):
        raise CannotRead("It cannot be read with the present keys.") from None


def where() -> str:
    """Where the keys come from, for people."""
    return "WATCHFLOOR_SECRET_KEYS" if settings.SECRET_KEYS else str(settings.SECRET_KEYS_FILE)


def _keys(*, make: bool = False) -> MultiFernet:
    words: list[str] = settings.SECRET_KEYS or _from_file(settings.SECRET_KEYS_FILE, make=make)
    if not words:
        raise KeysAmiss(f"There is no key: WATCHFLOOR_SECRET_KEYS is not set, and there is no {where()}.")
    try:
        return MultiFernet([Fernet(word) for word in words])
    except ValueError:
        raise KeysAmiss(f"A key in {where()} is none: a key is 32 bytes in URL-safe base64.") from None


def _from_file(path: Path, *, make: bool) -> list[str]:
    try:
        if make and not path.exists():
            _write_one(path)
        return path.read_text(encoding="ascii").split()
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise KeysAmiss(f"The keys in {path} cannot be read: {error}.") from None


def _write_one(path: Path) -> None:
    """A key that appears whole, once and for its owner alone, though several processes may make one together."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(dir=path.parent)  # mode 0600
    with os.fdopen(descriptor, "wb") as file:
        file.write(Fernet.generate_key() + b"\n")
    with contextlib.suppress(FileExistsError):
        os.link(draft, path)
    os.unlink(draft)
