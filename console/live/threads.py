"""The one bridge from the event loop to synchronous database code."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from channels.db import database_sync_to_async

P = ParamSpec("P")
R = TypeVar("R")


async def in_thread(read: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run it in a thread of the pool, with database connections that are looked after."""
    return await database_sync_to_async(read, thread_sensitive=False)(*args, **kwargs)
