"""A process that stands still, as if its machine had: at a moment when it keeps nobody else from writing."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction

from tests.harness.live_stack import LiveStack

HELD_MILLISECONDS = 500


def freeze(stack: LiveStack, name: str) -> None:
    """Stop a process of a stack, but not in the middle of a write: on SQLite nobody else could write then."""
    while True:
        os.kill(stack.pid(name), signal.SIGSTOP)
        try:
            if connection.vendor == "sqlite":
                with connection.cursor() as cursor:
                    cursor.execute(f"PRAGMA busy_timeout = {HELD_MILLISECONDS}")
            with transaction.atomic():
                return
        except OperationalError:
            thaw(stack, name)
        finally:
            connection.close()


def thaw(stack: LiveStack, name: str) -> None:
    """Let it go on where it stood still."""
    os.kill(stack.pid(name), signal.SIGCONT)


@contextmanager
def frozen(stack: LiveStack, name: str) -> Iterator[None]:
    """A process that does not get the processor any more, and then does."""
    freeze(stack, name)
    try:
        yield
    finally:
        thaw(stack, name)
