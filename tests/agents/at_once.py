"""Threads that start together, each with a connection of its own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from django.db import connection

Result = TypeVar("Result")


def at_once(*work: Callable[[], Result]) -> list[Result]:
    """Run all of it at the same moment; the answers in the given order. Raises what one of them raised."""
    barrier = Barrier(len(work))

    def run(one: Callable[[], Result]) -> Result:
        try:
            barrier.wait(timeout=60)
            return one()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(work)) as pool:
        return list(pool.map(run, work))
