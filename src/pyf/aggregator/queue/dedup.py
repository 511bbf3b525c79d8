"""Feed entries that were queued already, remembered for a while."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from ..registries.results import FeedItem
from .redis_client import UNAVAILABLE, Client

log = logging.getLogger(__name__)


def feed_item_key(item: FeedItem) -> str:
    """The key of a feed entry: a new project by its name, a new release by name and version."""
    if item.version is None:
        return f"pyf:dedup:new:{item.name}"
    return f"pyf:dedup:update:{item.name}:{item.version}"


class FeedDedup:
    """Claim entries so that each is queued once. Without Redis every one counts as new."""

    def __init__(self, client: Client) -> None:
        self._redis = client

    def claim(self, keys: Sequence[str], ttl: int) -> list[bool]:
        """Say of each key whether it is new, and remember it for ``ttl`` seconds; 0: not at all."""
        if ttl <= 0 or not keys:
            return [True] * len(keys)
        pipeline = self._redis.pipeline(transaction=False)
        for key in keys:
            pipeline.set(key, "1", nx=True, ex=ttl)
        try:
            return [bool(answer) for answer in pipeline.execute()]
        except UNAVAILABLE as error:
            log.warning("Redis is away, every feed entry counts as new: %s", error)
            return [True] * len(keys)

    def release(self, *keys: str) -> None:
        """Forget keys, so that the next feed brings their entries again."""
        try:
            if keys:
                self._redis.delete(*keys)
        except UNAVAILABLE as error:
            log.warning("Redis is away, %d feed entries stay claimed: %s", len(keys), error)
