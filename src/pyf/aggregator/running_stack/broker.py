"""Which Redis is the broker: the configured one, or that of a one-machine stack that runs here."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import orjson

from ..settings import Settings
from .stack_state import StackFolderUnusable, lock_holder

ENDPOINT = "redis.json"
"""File in the data folder in which a running stack says where its Redis listens; mode 0600."""


def with_broker(settings: Settings) -> Settings:
    """Return the settings with the Redis of a stack that runs here, unless ``REDIS_HOST`` is set.

    Without either they stay unchanged: the default address is as good as any.
    """
    if settings.is_set("REDIS_HOST"):
        return settings
    url = local_redis_url(settings.pyf_data_dir)
    return dataclasses.replace(settings, redis_host=url) if url else settings


def local_redis_url(data_dir: Path) -> str | None:
    """The URL, password included, of the Redis of the stack that runs with this data folder.

    None where no stack runs, or one without Redis.
    """
    try:
        endpoint = orjson.loads((data_dir / ENDPOINT).read_bytes())
        return str(endpoint["url"]) if lock_holder(data_dir) else None
    except (OSError, ValueError, KeyError, TypeError, StackFolderUnusable):
        return None
