"""The health page for load balancers and `make run`: whether this process can serve."""

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

PATIENCE_SECONDS = 1.0


@never_cache
@require_safe
def health(_request: HttpRequest) -> JsonResponse:
    """200 while the database answers, else 503. Without Redis, which carries hints, pages are only slower."""
    database, bell = _database_answers(), _redis_answers()
    state = {"database": "ok" if database else "down", "redis": "ok" if bell else "down"}
    return JsonResponse(state, status=200 if database else 503)


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _redis_answers() -> bool:
    client = redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=PATIENCE_SECONDS, socket_connect_timeout=PATIENCE_SECONDS
    )
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()
