"""The profiles that are followed: every one whose collection is on the search server."""

from __future__ import annotations

import threading
import time

from ..index import SearchServer, collections
from ..index.collections import AliasTarget
from ..ingest.multi_profile import ActiveProfile
from ..profiles import Profiles

TTL = 15.0
"""Seconds until the search server is asked again which collections there are, if it has any.

A feed entry is looked at once only; what a new collection misses meanwhile its first full fetch
brings, which follows when the journal is next read.
"""


class ActiveProfiles:
    """Which profiles are followed at the moment."""

    def __init__(self, server: SearchServer, profiles: Profiles) -> None:
        self._server = server
        self._profiles = profiles
        self._guard = threading.Lock()
        self._found: tuple[ActiveProfile, ...] = ()
        self._until = 0.0

    def current(self) -> tuple[ActiveProfile, ...]:
        """Return the profiles with their collections, as of a moment ago at the most."""
        with self._guard:
            if time.monotonic() >= self._until:
                self._found = self._fetch()
                self._until = time.monotonic() + (TTL if self._found else 0.0)
            return self._found

    def invalidate(self) -> None:
        """Let the next one ask the search server."""
        self._until = 0.0

    def _fetch(self) -> tuple[ActiveProfile, ...]:
        aliases = collections.aliases(self._server)
        answer = self._server.call(lambda client: client.collections.retrieve())
        there = {collection["name"] for collection in answer}
        found = (
            AliasTarget(name, aliases.get(name, name))
            for name in (profile.collection for profile in self._profiles)
        )
        targets = {target.alias: target for target in found if target.collection in there}
        return tuple(
            ActiveProfile(profile, targets[profile.collection])
            for profile in self._profiles
            if profile.collection in targets
        )
