"""Celery's connections to Redis: none waits long for one that is away, or that takes everything and says nothing."""

from functools import cached_property
from typing import Any

from celery.app.amqp import AMQP
from kombu import Connection, pools

LOOK_AGAIN_SECONDS = 3.0
PUBLISH_SECONDS = 2.0
"""For an answer to a message that was sent. Whoever waits for messages is silent for longer than this."""


class PromptConnection(Connection):
    """Kombu waits two seconds longer after each try, up to half a minute: too long for work to go on in fifteen."""

    def ensure_connection(self, *args: Any, **options: Any) -> Any:
        """What worker and beat call to wait for Redis."""
        return super().ensure_connection(*args, **{"interval_max": LOOK_AGAIN_SECONDS, **options})


class PromptAMQP(AMQP):
    """What a Celery app takes its connections from."""

    Connection = PromptConnection

    @cached_property
    def producer_pool(self) -> Any:
        """The connections of whoever sends; Celery's own would wait as long as one that waits for messages."""
        pool = pools.producers[self.app.connection_for_write(transport_options={"socket_timeout": PUBLISH_SECONDS})]
        pool.limit = self.app.pool.limit
        return pool
