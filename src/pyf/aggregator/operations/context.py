"""What operations work with: settings, profile, and connections opened when first needed."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ..index import SearchServer
from ..ingest.cursor import CursorStore
from ..profile import Profile
from ..settings import Settings
from ..store import Store, StoreNotSetUp, open_store


@dataclass(frozen=True)
class Context:
    """The settings, the profile whose ``collection`` is written, and where its serial is kept.

    ``search_server`` is a connection that exists already; otherwise one is made from the settings.
    """

    settings: Settings
    profile: Profile
    cursor_store: CursorStore
    search_server: SearchServer | None = None

    @property
    def collection(self) -> str:
        """The collection that is written, by its alias."""
        return self.profile.collection

    @functools.cached_property
    def server(self) -> SearchServer:
        """The search server. Raises ``UsageError`` where none is set up."""
        return self.search_server or SearchServer.from_settings(self.settings)

    def open_store(self) -> Store:
        """The statistics store, for writing; close it, or use it as a context manager.

        Raises ``StoreNotSetUp`` where there is none, ``ServiceUnreachable`` where it does not
        answer.
        """
        return open_store(self.settings, readonly=False)

    @contextmanager
    def optional_store(self) -> Iterator[Store | None]:
        """The statistics store for writing, ``None`` where none is set up."""
        try:
            store = self.open_store()
        except StoreNotSetUp:
            yield None
            return
        with store:
            yield store
