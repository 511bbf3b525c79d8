"""Locks that survive no crash: short-lived keys that a thread renews while they are held."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ..errors import AggregatorError
from .redis_client import UNAVAILABLE, Client

log = logging.getLogger(__name__)

PREFIX = "pyf:lock:"
TTL = 15.0
"""Seconds after which the lock of a process that died is free."""

RENEW = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
return 0
"""
"""Renew a lock; take it again where Redis lost it. 0 when somebody else has it."""
RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end"


class Busy(AggregatorError):
    """Somebody else works on the same thing."""

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(f"{what} is being worked on")


@dataclass(eq=False)
class Lock:
    """A lock that is held; ``lost`` as soon as somebody else has taken it."""

    name: str
    token: str
    is_lost: bool = False


class Locks:
    """The locks of one process."""

    def __init__(self, client: Client, *, ttl: float = TTL) -> None:
        self._redis = client
        self._ttl = ttl
        self._renew = client.register_script(RENEW)
        self._release = client.register_script(RELEASE)
        self._held: set[Lock] = set()
        self._guard = threading.Lock()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    @contextmanager
    def hold(self, name: str, *, needed: bool = True) -> Iterator[Lock]:
        """Hold a lock while the block runs; ``Busy`` if somebody else has it.

        Without Redis a lock that is not ``needed`` is taken for granted.
        """
        lock = Lock(name, secrets.token_hex(8))
        try:
            taken = self._acquire(lock)
        except UNAVAILABLE:
            if needed:
                raise
            taken = True
        if not taken:
            raise Busy(name)
        self._watch(lock)
        try:
            yield lock
        finally:
            self._release_lock(lock)

    def close(self) -> None:
        """End the thread that renews."""
        self._closed.set()

    def _acquire(self, lock: Lock) -> bool:
        milliseconds = int(self._ttl * 1000)
        return bool(self._redis.set(PREFIX + lock.name, lock.token, nx=True, px=milliseconds))

    def _watch(self, lock: Lock) -> None:
        with self._guard:
            self._held.add(lock)
            if self._thread is None:
                self._thread = threading.Thread(target=self._renew_all, name="locks", daemon=True)
                self._thread.start()

    def _release_lock(self, lock: Lock) -> None:
        with self._guard:
            self._held.discard(lock)
        try:
            self._release(keys=[PREFIX + lock.name], args=[lock.token])
        except UNAVAILABLE:
            log.warning("the lock %s ends by itself: Redis is away", lock.name)

    def _renew_all(self) -> None:
        while not self._closed.wait(self._ttl / 3):
            with self._guard:
                held = list(self._held)
            for lock in held:
                self._renew_lock(lock)

    def _renew_lock(self, lock: Lock) -> None:
        try:
            args: list[str | int] = [lock.token, int(self._ttl * 1000)]
            kept = self._renew(keys=[PREFIX + lock.name], args=args)
        except UNAVAILABLE:
            return
        with self._guard:
            released = lock not in self._held
        if released:
            # It was let go while it was being renewed, which may have taken it again.
            self._release_lock(lock)
        elif not kept and not lock.is_lost:
            lock.is_lost = True
            log.warning("the lock %s was lost to somebody else", lock.name)
