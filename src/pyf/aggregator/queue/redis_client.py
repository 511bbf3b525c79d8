"""The connection to Redis for what tasks share beside the queue itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import redis
from redis.backoff import ConstantBackoff
from redis.client import Pipeline
from redis.retry import Retry

from ..settings import Settings

UNAVAILABLE = (redis.ConnectionError, redis.TimeoutError)
"""What is raised when Redis cannot be reached."""

Client = redis.Redis

__all__ = ["UNAVAILABLE", "Client", "Pipeline", "connect", "with_retry"]

T = TypeVar("T")


def connect(settings: Settings) -> Client:
    """Return a client, safe for threads, that gives up after a few seconds."""
    return redis.Redis.from_url(
        settings.redis_url,
        decode_responses=True,
        socket_timeout=5.0,
        socket_connect_timeout=2.0,
        health_check_interval=30,
        # For connections that were dropped while nobody used them; who waits longer says so.
        retry=Retry(ConstantBackoff(0.1), 1),
    )


def with_retry(action: Callable[[], T], seconds: float = 30.0) -> T:
    """Do what must not be left out, waiting for a Redis that is away."""
    until = time.monotonic() + seconds
    while True:
        try:
            return action()
        except UNAVAILABLE:
            if time.monotonic() >= until:
                raise
        time.sleep(0.5)
