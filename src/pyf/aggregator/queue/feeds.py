"""From the registry's feeds to tasks: every entry once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..registries.results import FeedItem
from .dedup import FeedDedup, feed_item_key
from .stats import TaskStats

QueueFunction = Callable[[FeedItem, str], object]
"""Queues the look at an entry's project; the key is released if that fails for good."""


@dataclass(frozen=True)
class FeedResult:
    """What a feed brought: entries that were queued, and those that had been before."""

    queued: int
    known: int


def queue_new_items(
    items: Sequence[FeedItem], dedup: FeedDedup, ttl: int, queue: QueueFunction
) -> FeedResult:
    """Queue the entries that are new, the oldest first; ``ttl`` seconds they count as known.

    What could not be queued is let go of, so that the next feed brings it again.
    """
    oldest_first = list(reversed(items))
    keys = [feed_item_key(item) for item in oldest_first]
    claimed = dedup.claim(keys, ttl)
    new = [
        pair
        for pair, is_new in zip(zip(oldest_first, keys, strict=True), claimed, strict=True)
        if is_new
    ]
    done = 0
    try:
        for item, key in new:
            queue(item, key)
            done += 1
    finally:
        dedup.release(*(key for _, key in new[done:]))
    return FeedResult(done, len(items) - len(new))


def record_feed_counts(stats: TaskStats, read: FeedResult) -> None:
    """Count what a feed brought."""
    stats.record_work({"feed_entries_queued": read.queued, "feed_entries_known": read.known})
