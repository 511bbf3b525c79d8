"""What the tasks of one worker process share; made by the first that needs it."""

from __future__ import annotations

import functools
import os
import threading

from ..index import SearchServer
from ..index.nodes import nodes_of
from ..profiles import Profiles, load_profiles
from ..running_stack.broker import with_broker
from ..settings import Settings, load_settings
from . import config
from .cursors import Cursors
from .dead import DeadLetters
from .dedup import Dedup
from .locks import Locks
from .redis_client import connect
from .seen import SeenProjects
from .stats import Stats
from .stocks import Stocks
from .upstream import Upstream

PATIENCE = 30.0
"""Seconds for which a task waits for a search server that is away, before it is queued again."""


class Shared:
    """Connections and what is kept in Redis. The official search client is safe for threads."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.redis = connect(settings)
        self.stats = Stats(self.redis)
        self.dead = DeadLetters(self.redis)
        self.dedup = Dedup(self.redis)
        self.cursors = Cursors(self.redis)
        self.seen = SeenProjects(self.redis)
        self.locks = Locks(self.redis)
        self.soft_limit = config.limits(settings).soft
        self.long_limit = config.long_limits(settings).soft

    @functools.cached_property
    def profiles(self) -> Profiles:
        """All profiles, as of the start of this process."""
        return load_profiles(self.settings)

    @functools.cached_property
    def server(self) -> SearchServer:
        """The search server, with less patience than a task has time."""
        nodes, key = nodes_of(self.settings)
        share = self.soft_limit / 4
        timeout = min(self.settings.typesense_timeout, share)
        return SearchServer(nodes, key, timeout, patience=min(PATIENCE, share))

    @functools.cached_property
    def stocks(self) -> Stocks:
        """The profiles that are followed."""
        return Stocks(self.server, self.profiles)

    @functools.cached_property
    def upstream(self) -> Upstream:
        """The client of the registry."""
        return Upstream(self.settings)

    def close(self) -> None:
        """Let go of what was used."""
        self.locks.close()
        if "upstream" in self.__dict__:
            self.upstream.close()
        self.redis.close()


_made: dict[int, Shared] = {}
_guard = threading.Lock()


def get() -> Shared:
    """Return what this process shares; after a fork nothing is taken over."""
    made = _made.get(os.getpid())
    if made is not None:
        return made
    with _guard:
        if os.getpid() not in _made:
            _made[os.getpid()] = Shared(with_broker(load_settings()))
        return _made[os.getpid()]


def close() -> None:
    """Let go of what this process shares, if there is anything."""
    made = _made.pop(os.getpid(), None)
    if made is not None:
        made.close()
