"""The connection to Redis for what tasks share beside the queue itself."""

from __future__ import annotations

import redis
from redis.client import Pipeline

from ..settings import Settings

AWAY = (redis.ConnectionError, redis.TimeoutError)
"""What is raised when Redis cannot be reached."""

Client = redis.Redis

__all__ = ["AWAY", "Client", "Pipeline", "connect"]


def connect(settings: Settings) -> Client:
    """Return a client, safe for threads, that gives up after a few seconds."""
    return redis.Redis.from_url(
        settings.redis_url,
        decode_responses=True,
        socket_timeout=5.0,
        socket_connect_timeout=2.0,
        health_check_interval=30,
    )
