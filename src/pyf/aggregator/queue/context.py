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
from .active_profiles import ActiveProfiles
from .cursors import RedisCursorStore
from .dead_letters import DeadLetters
from .dedup import FeedDedup
from .inspection_cache import InspectionCache
from .locks import Locks
from .redis_client import connect
from .registry_client import RegistryClient
from .stats import TaskStats

PATIENCE = 30.0
"""Seconds for which a task waits for a search server that is away, before it is queued again."""


class WorkerContext:
    """Connections and what is kept in Redis. The official search client is safe for threads."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.redis = connect(settings)
        self.stats = TaskStats(self.redis)
        self.dead = DeadLetters(self.redis)
        self.dedup = FeedDedup(self.redis)
        self.cursors = RedisCursorStore(self.redis)
        self.seen = InspectionCache(self.redis)
        self.locks = Locks(self.redis)
        self.soft_limit = config.task_limits(settings).soft
        self.long_limit = config.long_task_limits(settings).soft

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
    def active_profiles(self) -> ActiveProfiles:
        """The profiles that are followed."""
        return ActiveProfiles(self.server, self.profiles)

    @functools.cached_property
    def upstream(self) -> RegistryClient:
        """The client of the registry."""
        return RegistryClient(self.settings)

    def close(self) -> None:
        """Let go of what was used."""
        self.locks.close()
        if "upstream" in self.__dict__:
            self.upstream.close()
        self.redis.close()


_contexts: dict[int, WorkerContext] = {}
_guard = threading.Lock()


def get_context() -> WorkerContext:
    """Return what this process shares; after a fork nothing is taken over."""
    made = _contexts.get(os.getpid())
    if made is not None:
        return made
    with _guard:
        if os.getpid() not in _contexts:
            _contexts[os.getpid()] = WorkerContext(with_broker(load_settings()))
        return _contexts[os.getpid()]


def close_context() -> None:
    """Let go of what this process shares, if there is anything."""
    made = _contexts.pop(os.getpid(), None)
    if made is not None:
        made.close()
