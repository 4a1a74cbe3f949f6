"""Secrets in use: opened in this process's memory alone, looked up again every two seconds by whoever waits anyway."""

import asyncio
import logging
import os
import threading
import time
from collections.abc import Iterator, Mapping

from django.db import DatabaseError
from django.db.models.functions import Now

from agents.models import Secret
from agents.secrets.keys import KeysAmiss, opened
from agents.secrets.redaction import known

logger = logging.getLogger(__name__)
REFRESH_SECONDS = 2.0
USE_WRITTEN_SECONDS = 60.0
OF_ALL = ""
"""The key of what belongs to all tenants, where slugs are the others."""

Values = dict[str, dict[str, tuple[int, str]]]


class Held(Mapping[str, str]):
    """The secrets that one tenant's calls may use. Taking one out is its use."""

    def __init__(self, values: Mapping[str, tuple[int, str]], used: set[int]) -> None:
        self._values = values
        self._used = used

    def __getitem__(self, name: str) -> str:
        number, value = self._values[name]
        self._used.add(number)
        return value

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Held({sorted(self._values)})"


class WithEnvironment(Mapping[str, str]):
    """What vendors are asked with: the environment, and for what it lacks the secrets of all tenants."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._secrets = secrets

    def __getitem__(self, name: str) -> str:
        value = os.environ.get(name, "")
        return value if value.strip() or name not in self._secrets else self._secrets[name]

    def __iter__(self) -> Iterator[str]:
        return iter({**self._secrets, **os.environ})

    def __len__(self) -> int:
        return len(os.environ.keys() | self._secrets.keys())

    def __repr__(self) -> str:
        return f"WithEnvironment({self._secrets!r})"


class Vault:
    """The secrets of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[str, str] = {}
        self._values: Values = {}
        self._read_at = float("-inf")
        self._used: set[int] = set()
        self._used_written_at = float("-inf")
        self._unreadable: set[int] = set()

    def of_tenant(self, slug: str) -> Mapping[str, str]:
        """What a tenant's calls may use by name: its own before those of all tenants."""
        self.refresh()
        return Held({**self._values.get(OF_ALL, {}), **self._values.get(slug, {})}, self._used)

    def of_all(self) -> Mapping[str, str]:
        """Those of all tenants, for what is done for none of them."""
        self.refresh()
        return Held(self._values.get(OF_ALL, {}), self._used)

    def environ(self) -> Mapping[str, str]:
        """What vendors' keys are looked up in."""
        return WithEnvironment(self.of_all())

    def refresh(self) -> None:
        """Look at the rows, unless that was done just now or this is an event loop, which must not wait for them."""
        if time.monotonic() - self._read_at < REFRESH_SECONDS or on_a_loop():
            return
        if not self._lock.acquire(blocking=self._read_at == float("-inf")):
            return  # somebody else is looking, and what we have is recent
        try:
            if time.monotonic() - self._read_at >= REFRESH_SECONDS:
                self._read()
        except DatabaseError:
            if self._read_at == float("-inf"):
                raise
            logger.warning("secrets could not be looked up; those of %.0f s ago hold", time.monotonic() - self._read_at)
        finally:
            self._lock.release()

    def forget(self) -> None:
        """Look at the rows next time, however recent the last look was."""
        self._read_at = float("-inf")

    def _read(self) -> None:
        rows = list(Secret.objects.order_by("pk").values_list("pk", "tenant__slug", "name", "ciphertext"))
        self._open = {text: self._open.get(text) or self._opened(pk, name, text) for pk, _, name, text in rows}
        self._unreadable &= {pk for pk, *_ in rows}
        values: Values = {}
        for pk, slug, name, text in rows:
            if value := self._open[text]:
                values.setdefault(slug or OF_ALL, {})[name] = (pk, value)
        if values != self._values:
            self._values = values
            known.learn((name, value) for each in values.values() for name, (_, value) in each.items())
        self._write_use()
        self._read_at = time.monotonic()

    def _opened(self, pk: int, name: str, ciphertext: str) -> str:
        """The value, "" for what cannot be opened: whoever needs it is told that it is not to be had."""
        try:
            return opened(ciphertext)
        except KeysAmiss as amiss:
            if pk not in self._unreadable:
                logger.error("the secret %s: %s", name, amiss)
            self._unreadable.add(pk)
            return ""

    def _write_use(self) -> None:
        if self._used and time.monotonic() - self._used_written_at >= USE_WRITTEN_SECONDS:
            used = list(self._used)
            Secret.objects.filter(pk__in=used).update(used_at=Now())
            self._used.difference_update(used)
            self._used_written_at = time.monotonic()


def on_a_loop() -> bool:
    """Whether this thread is an event loop's."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


vault = Vault()
