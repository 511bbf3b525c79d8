"""Which Redis is the broker: the configured one, or that of the one-machine stack."""

from __future__ import annotations

import dataclasses

from ...settings import Settings
from .redis import local_redis_url


def with_broker(settings: Settings) -> Settings:
    """Return the settings with the Redis of a stack that runs here, unless ``REDIS_HOST`` is set.

    Without either they stay as they are: the default address is as good as any.
    """
    if settings.is_set("REDIS_HOST"):
        return settings
    url = local_redis_url(settings.pyf_data_dir)
    return dataclasses.replace(settings, redis_host=url) if url else settings
