"""Waiting for a database that is away: a restart is no run's fault, and shorter than a lease."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connection

logger = logging.getLogger(__name__)
PATIENCE_SECONDS = 12.0
"""How long the database is waited for; with one wait for a connection it is still shorter than a lease."""
LOOK_AGAIN_SECONDS = 0.2

Result = TypeVar("Result")


def patiently(work: Callable[[], Result]) -> Result:
    """Do what may be done twice without harm, again and again while the database is away. Raises its error at last."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return work()
        except (OperationalError, InterfaceError) as error:
            connection.close()
            if time.monotonic() > until:
                raise
            logger.warning("waiting for the database: %s", error)
            time.sleep(LOOK_AGAIN_SECONDS)


def hand_back_connection() -> None:
    """Let this thread's connection go: the next query has one that works, also after a restart meanwhile."""
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()
